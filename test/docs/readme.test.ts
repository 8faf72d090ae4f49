import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { makeScratchToken } from '../support/softhsm.js';

const EXAMPLE = 'examples/quickstart/main.ts';
const LIFE = 'examples/life-of-a-person/main.ts';
const ACCESS_RECORDS = 'examples/access-records/main.ts';
const ROTATION = 'examples/rotation/main.ts';
const READMES = ['README.md', 'README.ja.md'];

const token = makeScratchToken('renkei-readme');
const folder = mkdtempSync(join(tmpdir(), 'renkei-readme-'));
afterAll(() => {
  token.remove();
  rmSync(folder, { recursive: true, force: true });
});

const read = (path: string) => readFileSync(path, 'utf8');
const blocks = (path: string, language: string) =>
  [...read(path).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code]) => code,
  );

describe('the README', () => {
  test.each(READMES)('%s shows the examples of examples/ as they are', (readme) => {
    expect(blocks(readme, 'ts')).toEqual([EXAMPLE, LIFE, ACCESS_RECORDS, ROTATION].map(read));
  });

  test('its example has at most 25 lines and runs on a fresh token and database', async () => {
    expect(read(EXAMPLE).trimEnd().split('\n').length).toBeLessThanOrEqual(25);
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', EXAMPLE], {
      env: {
        ...process.env,
        HSM_MODULE: token.module,
        HSM_TOKEN: token.token.label,
        HSM_PIN: token.userPin,
        DATABASE: join(folder, 'issuance.sqlite'),
      },
    });
    const printed = stdout.match(/[a-z2-7]{40}/g) ?? [];
    expect(stdout).toContain("status: 'translated'");
    expect(printed).toHaveLength(3);
    const [inquirers, providers, translated] = printed;
    expect(translated).toBe(providers);
    expect(translated).not.toBe(inquirers);
  });

  test('its example of a person’s life says what its comments say', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', LIFE]);
    expect(stdout.match(/(?<=status: ')[a-z-]+/g)).toEqual([
      'changed',
      'already-issued',
      'found',
      'found',
      'removed',
      'refused',
    ]);
    expect(stdout).toMatch(/institutions: \[ 'A1' \]/);
    expect(stdout).toMatch(/error: 'CODE_NOT_ISSUED' } \[\]\n$/);
  });

  test('its example of a request, its record and its log says what its comments say', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ACCESS_RECORDS]);
    expect(stdout.split('\n')).toEqual([
      'forwarded true',
      'answered',
      'not-permitted',
      '例示市長 not-provided',
      '例示市長 provided',
      '[] true',
      '',
    ]);
  });

  test('its example of a key that is replaced says what its comments say', async () => {
    const env = { ...process.env, FOLDER: join(folder, 'rotation') };
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ROTATION], { env });
    expect(stdout.match(/(?<=(?:status|error|answer): ')[A-Za-z_-]+/g)).toEqual([
      'translated',
      'translated',
      'refused',
      'CODE_VERSION_RETIRED',
      'translated',
      'KEY_NOT_FOUND',
      'KEY_NOT_FOUND',
    ]);
    expect(stdout).toContain('version: 1');
    expect(new Set(stdout.match(/[a-z2-7]{40}/g)).size).toBe(1);
  });

  test.each(READMES)('%s names only scripts that package.json has', (readme) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read(readme).matchAll(/npm (?:run (?:--silent )?)?(test|[a-z:-]+)(?= |`|\n)/g)].map(
      ([, name]) => name,
    );
    const own = named.filter((name) => !['ci', 'install', 'pack'].includes(name ?? ''));
    expect(own.length).toBeGreaterThan(5);
    for (const name of own) expect(scripts).toHaveProperty([name as string]);
  });

  test('both languages have the same sections, tables and links', () => {
    const shape = (path: string) => ({
      headings: read(path).match(/^#+ /gm),
      rows: read(path).match(/^\|/gm)?.length,
      links: [...read(path).matchAll(/\]\((docs\/[^)]+|LICENSE)\)/g)].map(([, link]) => link),
      commands: blocks(path, 'sh'),
    });
    expect(shape('README.ja.md')).toEqual(shape('README.md'));
  });
});
