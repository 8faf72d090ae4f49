import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { VectorFile } from '../../docs/vectors.format.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'renkei-vectors-'));
const VECTORS = JSON.parse(readFileSync(join(ROOT, 'docs/vectors.json'), 'utf8')) as VectorFile;
const KEYS = VECTORS.keySets.hashed?.keys ?? {};
const RESIDENTS = ['12345678903', '01234567892'];
const AUDIENCES = ['store/1', 'institution/0220113112101700/1', 'record/2026'];
const GOOD = { keys: KEYS, generation: 2, residentRecordCodes: RESIDENTS, audiences: AUDIENCES };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let files = 0;

/** Writes a request, as JSON or as the text it is. */
function file(request: unknown): string {
  const path = join(folder, `request-${files++}.json`);
  writeFileSync(path, typeof request === 'string' ? request : JSON.stringify(request));
  return path;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Run> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: ROOT, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** The script of package.json without npm around it, which writes lines of its own. */
const vectors = (...args: string[]) =>
  run(process.execPath, ['--import', 'tsx', 'src/commands/vectors.ts', ...args]);

/** `npm run --silent vectors --` itself, without the configuration of whoever runs the tests. */
const npmVectors = (...args: string[]) => {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name));
  const env = { ...Object.fromEntries(own), npm_config_userconfig: join(folder, 'no-npmrc') };
  return run('npm', ['run', '--silent', 'vectors', '--', ...args], env);
};

/** The codes docs/vectors.json has for a request like GOOD. */
function expected(field: 'codes' | 'texts', audience: string): (string | undefined)[] {
  return RESIDENTS.map(
    (resident) =>
      VECTORS.codes.find(
        ({ keySet, residentRecordCode, generation }) =>
          keySet === 'hashed' && residentRecordCode === resident && generation === 2,
      )?.[field][audience],
  );
}

describe('npm run --silent vectors -- REQUEST.json', () => {
  test('prints one JSON answer: codes for every audience, texts for institutions', async () => {
    const { code, stdout, stderr } = await npmVectors(file(GOOD));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const institution = 'institution/0220113112101700/1';
    expect(JSON.parse(stdout)).toEqual({
      codes: Object.fromEntries(AUDIENCES.map((audience) => [audience, expected('codes', audience)])),
      texts: { [institution]: expected('texts', institution) },
    });
  });

  test('prints an error as one line on standard error, nothing on standard output, exit code 1', async () => {
    const { code, stdout, stderr } = await npmVectors(file({ ...GOOD, generation: 0 }));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^GENERATION_INVALID: [^\n]+\n$/);
  });
});

test('generation 1 when none is given; key digits in either case', async () => {
  const { generation, ...withoutGeneration } = GOOD;
  const upper = Object.fromEntries(Object.entries(KEYS).map(([name, hex]) => [name, hex.toUpperCase()]));
  const [first, second] = await Promise.all([
    vectors(file({ ...withoutGeneration, keys: upper })),
    vectors(file({ ...GOOD, generation: 1 })),
  ]);
  expect(first).toEqual(second);
  expect(JSON.parse(first.stdout).codes['store/1']).not.toEqual(expected('codes', 'store/1'));
});

test('no residents: an empty answer for every audience', async () => {
  const { code, stdout } = await vectors(file({ ...GOOD, residentRecordCodes: [] }));
  expect(code).toBe(0);
  expect(JSON.parse(stdout).codes).toEqual(Object.fromEntries(AUDIENCES.map((audience) => [audience, []])));
});

const { 'link/2': _, ...withoutLink } = KEYS;
const { 'store/1': __, ...withoutStore } = KEYS;
const keysWith = (name: string, hex: unknown) => ({ ...GOOD, keys: { ...KEYS, [name]: hex } });
const residents = (...residentRecordCodes: unknown[]) => ({ ...GOOD, residentRecordCodes });
const CODE = expected('codes', 'store/1')[0] ?? '';
const TEXT = expected('texts', 'institution/0220113112101700/1')[0] ?? '';

/** What the request has wrong, the request, and the whole line but its end. */
const BAD: readonly (readonly [fault: string, request: unknown, line: RegExp])[] = [
  ['text that is no JSON', JSON.stringify(GOOD).slice(0, -1), /^OPTION_INVALID: the request is not JSON$/],
  ['an empty file', '', /^OPTION_INVALID: the request is not JSON$/],
  ['an array', [GOOD], /^OPTION_INVALID: request: options must be an object$/],
  ['null', 'null', /^OPTION_INVALID: request: options must be an object$/],
  [
    'an unknown field',
    { ...GOOD, resident: [] },
    /^OPTION_UNKNOWN: request: there is no option "resident"; known: /,
  ],
  [
    'a resident as a field',
    { ...GOOD, '12345678903': 1 },
    /^OPTION_UNKNOWN: request: there is no option of that name; /,
  ],
  [
    "an institution's code as a field",
    { ...GOOD, [TEXT]: 1 },
    /^OPTION_UNKNOWN: request: there is no option of that name; /,
  ],
  ['no keys', { ...GOOD, keys: undefined }, /^OPTION_INVALID: request: option "keys" must be /],
  ['keys that are no texts', keysWith('store/1', 1), /^OPTION_INVALID: request: option "keys" must be /],
  [
    'no residents',
    { ...GOOD, residentRecordCodes: undefined },
    /^OPTION_INVALID: request: option "residentRecordCodes" /,
  ],
  [
    'a resident that is a number',
    residents(12345678903),
    /^OPTION_INVALID: request: option "residentRecordCodes" /,
  ],
  ['no audiences', { ...GOOD, audiences: undefined }, /^OPTION_INVALID: request: option "audiences" /],
  [
    'one audience, not in an array',
    { ...GOOD, audiences: 'store/1' },
    /^OPTION_INVALID: request: option "audiences" /,
  ],
  [
    'a generation that is a text',
    { ...GOOD, generation: '1' },
    /^OPTION_INVALID: request: option "generation" /,
  ],
  ['a missing audience key', { ...GOOD, keys: withoutStore }, /^KEY_NOT_FOUND: there is no key store\/1$/],
  ['a missing link key', { ...GOOD, keys: withoutLink }, /^KEY_NOT_FOUND: there is no key link\/2$/],
  [
    'a key with a digit too few',
    keysWith('store/1', 'ab'.repeat(31)),
    /^KEY_LENGTH: key store\/1 must be 64 hex digits$/,
  ],
  [
    'a key with a letter that is no digit',
    keysWith('store/1', 'xy'.repeat(32)),
    /^KEY_LENGTH: key store\/1 must be /,
  ],
  [
    'a key of an impossible name',
    keysWith('store/256', 'ab'.repeat(32)),
    /^KEY_NAME_INVALID: a key name is /,
  ],
  ['an impossible audience', { ...GOOD, audiences: ['nobody/1'] }, /^KEY_NAME_INVALID: a key name is /],
  ['a code as an audience', { ...GOOD, audiences: [CODE] }, /^KEY_NAME_INVALID: a key name is /],
  [
    'a link key as an audience',
    { ...GOOD, audiences: ['link/1'] },
    /^KEY_NAME_INVALID: no codes are made under /,
  ],
  ['a generation of 0', { ...GOOD, generation: 0 }, /^GENERATION_INVALID: /],
  ['a generation of 256', { ...GOOD, generation: 256 }, /^GENERATION_INVALID: /],
  ['a generation of 1.5', { ...GOOD, generation: 1.5 }, /^GENERATION_INVALID: /],
  [
    'a wrong check digit at index 1',
    residents('12345678903', '12345678904', '01234567892'),
    /^RESIDENT_RECORD_CODE_CHECK_DIGIT: residentRecordCodes\[1\] is refused$/,
  ],
  [
    'ten digits at index 2',
    residents('12345678903', '01234567892', '1234567890'),
    /^RESIDENT_RECORD_CODE_LENGTH: residentRecordCodes\[2\] is refused$/,
  ],
  [
    'a full-width digit at index 0',
    residents('１2345678903', '01234567892'),
    /^RESIDENT_RECORD_CODE_CHARACTER: residentRecordCodes\[0\] is refused$/,
  ],
  [
    '12 digits, an Individual Number, at index 1',
    residents('12345678903', '123456789018'),
    /^INDIVIDUAL_NUMBER_REFUSED: residentRecordCodes\[1\] is refused$/,
  ],
];

/** Whatever must never be on the screen: residents, keys, codes. Any long run of digits or of hex would be one. */
const SECRET = /\d{10,}|[0-9a-f]{32,}|[a-z2-7]{40}/i;

describe.each(BAD)('%s', (_fault, request, line) => {
  test('is one line on standard error, exit code 1, no output, no secret', async () => {
    const { code, stdout, stderr } = await vectors(file(request));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.endsWith('\n')).toBe(true);
    expect(stderr.slice(0, -1)).toMatch(line);
    expect(stderr.slice(0, -1)).not.toContain('\n');
    expect(stderr).not.toMatch(SECRET);
  });
});

test('the pattern for secrets finds a resident, a key, a code and an external form', () => {
  for (const secret of [RESIDENTS[0], KEYS['store/1'], CODE, TEXT]) expect(`x: ${secret}.`).toMatch(SECRET);
});

const USAGE = 'usage: npm run --silent vectors -- REQUEST.json\n';

test.each([
  ['no file', [], USAGE],
  ['two files', ['a.json', 'b.json'], USAGE],
  ['a file that is not there', ['not-there.json'], 'the request file cannot be read\n'],
  ['a folder', ['docs'], 'the request file cannot be read\n'],
])('%s: one line on standard error, exit code 1', async (_what, args, stderr) => {
  expect(await vectors(...args)).toEqual({ code: 1, stdout: '', stderr });
});
