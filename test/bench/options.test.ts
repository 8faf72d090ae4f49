import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { asArguments, readBenchOptions } from '../../bench/options.js';

const HARDWARE = ['--module', '/lib/hsm.so', '--token', 'T', '--pin-env', 'BENCH_PIN'];
const PIN = '7391-spoken';

describe('options of the bench', () => {
  test('nothing asked for: the full run on a SoftHSM token of its own', () => {
    expect(readBenchOptions([], {})).toEqual({ quick: false, json: undefined, hardware: undefined });
  });

  test('all of them', () => {
    expect(readBenchOptions(['--quick', '--json', 'out.json', ...HARDWARE], { BENCH_PIN: PIN })).toEqual({
      quick: true,
      json: 'out.json',
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
