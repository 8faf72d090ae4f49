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

test.each([[['--residents', '0']], [['--level', 'software']], [['--rotate', '--fast']]])(
  'npm run demo refuses %j with its usage',
  async (args) => {
    await expect(demo(...args)).rejects.toMatchObject({
      stderr: expect.stringMatching(/^usage: npm run demo/),
    });
  },
);
