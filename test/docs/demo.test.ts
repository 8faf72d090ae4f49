import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const RESIDENTS = 150;

/** What the demo prints, with single spaces. It fails by itself when an answer is not as it must be. */
async function demo(...args: string[]): Promise<string> {
  const command = ['--import', 'tsx', 'examples/demo/main.ts', ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command);
  return stdout.replaceAll(/ {2,}/g, ' ');
}

test('npm run demo: the main job, from an empty HSM to a translated code', async () => {
  const printed = await demo('--residents', `${RESIDENTS}`);
  expect(printed).toContain(`issuances in the issuance store ${3 * RESIDENTS}`);
  expect(printed).toContain('forged code refused: CODE_FORGED 1');
  expect(printed).not.toContain('Rotation');
});

test.each([
  ['host-visible', 'store'],
  ['hsm-enforced', 'list'],
])(
  'npm run demo -- --rotate at level %s: a key and a generation, from the %s',
  async (level, source) => {
    const printed = await demo('--rotate', '--residents', `${RESIDENTS}`, '--level', level);
    expect(printed).toContain(`New generation of all linkage codes, from the ${source}`);
    for (const version of [1, 2]) {
      expect(printed).toContain(`old codes refused: CODE_VERSION_RETIRED, version ${version} ${RESIDENTS}\n`);
    }
    for (const key of ['store/1', 'institution/0220113112101700/1', 'institution/0220113112101700/2']) {
      expect(printed).toContain(
        `${key} is gone: codes under it, each of which was opened just before KEY_NOT_FOUND`,
      );
    }
    const number = (what: string) =>
      [...printed.matchAll(new RegExp(`^ ?${what} ([\\d,]+)`, 'gm'))].map(([, n]) =>
        Number(n?.replaceAll(',', '')),
      );
    expect(number('delivered codes presented, all translated')).toEqual([RESIDENTS, RESIDENTS]);
    expect(number('receipts and their deliveries verified, without the database')).toEqual([4, 4]);
    for (const requests of number('single requests answered meanwhile, each as it must be')) {
      expect(requests).toBeGreaterThan(0);
    }
  },
  300_000,
);

test.each(['host-visible', 'hsm-enforced'])(
  'npm run demo -- --mediate at level %s: requests, records, disclosure, and a changed log that is found out',
  async (level) => {
    const printed = await demo('--mediate', '--residents', `${RESIDENTS}`, '--level', level);
    for (const line of [
      'permitted requests at once, all forwarded (令26条1項) 10,000',
      'B’s answer to it: answered (命令85 46条2項) 1',
      'C’s answer to it: unknown 1',
      'B holds no code of the person: provider-has-no-code (令26条2項) 1',
      'not-permitted, not-listed (番号法19条8号) 1',
      'not-permitted, provider-in-breach (令26条4項) 1',
      'a forged code: invalid-code, CODE_FORGED 1',
      '架空区長 → 架空県知事 提供済み',
      'found: row-changed, serial 1',
    ]) {
      expect(printed).toContain(line);
    }
    expect(printed).toMatch(/found: entry-changed, index \d+ 1/);
  },
  300_000,
);

test.each([[['--residents', '0']], [['--level', 'software']], [['--rotate', '--fast']]])(
  'npm run demo refuses %j with its usage',
  async (args) => {
    await expect(demo(...args)).rejects.toMatchObject({
      stderr: expect.stringMatching(/^usage: npm run demo/),
    });
  },
);
