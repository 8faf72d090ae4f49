import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { asArguments, BENCH_GROUPS, type BenchOptions, readBenchOptions } from '../../bench/options.js';

const HARDWARE = ['--module', '/lib/hsm.so', '--token', 'T', '--pin-env', 'BENCH_PIN'];
const PIN = '7391-spoken';
const NOTHING: BenchOptions = {
  quick: false,
  only: undefined,
  rows: undefined,
  postgresRows: undefined,
  json: undefined,
  picture: undefined,
  hardware: undefined,
};

describe('options of the bench', () => {
  test('nothing asked for: the full run on a SoftHSM token of its own', () => {
    expect(readBenchOptions([], {})).toEqual(NOTHING);
  });

  test('all of them', () => {
    const issue = ['--only', 'issue', '--rows', '20000000', '--postgres-rows', '1000000'];
    const files = ['--json', 'out.json', '--picture', 'out.svg'];
    const args = ['--quick', ...issue, ...files, ...HARDWARE];
    expect(readBenchOptions(args, { BENCH_PIN: PIN })).toEqual({
      quick: true,
      only: 'issue',
      rows: 20_000_000,
      postgresRows: 1_000_000,
      json: 'out.json',
      picture: 'out.svg',
      hardware: { module: '/lib/hsm.so', label: 'T', pinEnv: 'BENCH_PIN' },
    });
  });

  test('an unknown option is refused by its name', () => {
    expect(() => readBenchOptions(['--quik'], {})).toThrow('there is no option --quik');
    expect(() => readBenchOptions(['-q'], {})).toThrow('there is no option --q');
  });

  test('a value where none belongs, and none where one does', () => {
    expect(() => readBenchOptions(['--quick=yes'], {})).toThrow('option --quick takes no value');
    expect(() => readBenchOptions(['--json'], {})).toThrow('option --json takes a value');
  });

  test.each(BENCH_GROUPS)('%s can be measured alone', (only) => {
    expect(readBenchOptions(['--only', only], {})).toEqual({ ...NOTHING, only });
  });

  test('a group that is not there is refused', () => {
    expect(() => readBenchOptions(['--only', 'sqlite'], {})).toThrow(
      'takes one of engines, vaults, peers, issue, rotate',
    );
  });

  test('the number of rows goes with the issuance alone, the picture with every run that has curves', () => {
    expect(() => readBenchOptions(['--rows', '20000'], {})).toThrow('--rows goes with --only issue');
    expect(() => readBenchOptions(['--only', 'peers', '--postgres-rows', '20000'], {})).toThrow('goes with');
    expect(() => readBenchOptions(['--only', 'vaults', '--picture', 'a.svg'], {})).toThrow('goes with');
    expect(readBenchOptions(['--picture', 'a.svg'], {})).toEqual({ ...NOTHING, picture: 'a.svg' });
  });

  test.each(['9999', '125000001', '1e6', '20_000', '-20000', '20000.5', '020000', 'all'])(
    'a load of %s rows is refused',
    (rows) => {
      const args = ['--only', 'issue', `--rows=${rows}`];
      expect(() => readBenchOptions(args, {})).toThrow('takes a whole number from 10000 to 125000000');
    },
  );

  test('rotations are measured on no other token: their workers share keys that are written to it', () => {
    expect(() => readBenchOptions(['--only', 'rotate', ...HARDWARE], { BENCH_PIN: PIN })).toThrow(
      "a token of the bench's own",
    );
  });

  test('a process of its own is told the same, but not to write the files', () => {
    const issue = ['--quick', '--only', 'issue', '--rows', '20000', '--postgres-rows', '10000'];
    const options = readBenchOptions([...issue, '--json', 'out.json', '--picture', 'out.svg'], {});
    expect(asArguments(options)).toEqual(issue);
  });

  test('module, token and PIN variable belong together', () => {
    expect(() => readBenchOptions(['--module', '/lib/hsm.so'], {})).toThrow('belong together');
    expect(() => readBenchOptions(HARDWARE, {})).toThrow('named by --pin-env is not set');
  });
});

describe('the PIN comes from the environment only, and is never printed', () => {
  test('the options name its variable and do not hold it', () => {
    const options = readBenchOptions(HARDWARE, { BENCH_PIN: PIN });
    expect(JSON.stringify(options)).toContain('BENCH_PIN');
    expect(JSON.stringify(options)).not.toContain(PIN);
    expect(asArguments(options)).toEqual(HARDWARE);
  });

  test.each([
    ['as an option', ['--pin', PIN]],
    ['as an option in one word', [`--${PIN}`]],
    ['as an argument', [PIN]],
    ['in place of the variable', ['--module', '/lib/hsm.so', '--token', 'T', '--pin-env', PIN]],
  ])('a PIN given %s is refused without being repeated', (_, args) => {
    const message = messageOf(() => readBenchOptions(args, {}));
    expect(message).not.toBe('');
    expect(message).not.toContain(PIN);
  });

  test('a module that cannot be loaded: the command says so and prints no PIN', () => {
    const args = ['--import', 'tsx', 'bench/main.ts', '--quick', ...HARDWARE];
    const env = { ...process.env, BENCH_PIN: PIN };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    expect(status).toBe(1);
    expect(stderr).toContain('/lib/hsm.so');
    expect(stdout + stderr).not.toContain(PIN);
  });
});

function messageOf(action: () => unknown): string {
  try {
    action();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
