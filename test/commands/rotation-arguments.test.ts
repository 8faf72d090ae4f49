import { describe, expect, test } from 'vitest';
import { runRotation } from '../../src/commands/run-rotation.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const folder = makeScratchFolder();

/** The error of a command line that is refused. */
const failure = (args: readonly string[]) =>
  runRotation(args, new AbortController().signal).then(
    () => ({ code: 'none', message: '' }),
    (error: { readonly code: string; readonly message: string }) => error,
  );

const HSM = ['--module', '/nowhere.so', '--token', 'a', '--pin-env', 'ROTATION_PIN'];
const STORE = ['--sqlite', folder.path('none.sqlite')];
const PLAN = ['plan', ...HSM, ...STORE, '--kind'];

describe('npm run rotation refuses', () => {
  test.each<[string, string, string[]]>([
    ['no command', 'OPTION_INVALID', []],
    ['an unknown command', 'OPTION_INVALID', ['rotate']],
    ['an unknown option', 'OPTION_UNKNOWN', ['status', '--force']],
    ['an option of another command', 'OPTION_UNKNOWN', ['status', '--folder', 'a']],
    ['a PIN as an option', 'OPTION_UNKNOWN', ['plan', '--pin', '73517351']],
    ['a PIN for the name of a variable', 'OPTION_INVALID', ['pause', '--pin-env', 'secret73517351']],
    ['an operand too many', 'OPTION_INVALID', ['pause', '1', '2']],
    ['a receipt that is missing', 'OPTION_INVALID', ['verify']],
    ['a receipt that is not there', 'OPTION_INVALID', ['verify', folder.path('no.json')]],
    ['a number that is none', 'OPTION_INVALID', ['status', 'all', ...STORE]],
    ['a store of another kind', 'OPTION_UNKNOWN', ['status', '--mysql', 'secret73517351']],
    ['a schema for SQLite', 'OPTION_INVALID', ['status', ...STORE, '--schema', 'b']],
    ['no store', 'OPTION_INVALID', ['status']],
    ['a store that is not there', 'OPTION_INVALID', ['status', ...STORE]],
    ['two stores', 'OPTION_INVALID', ['status', ...STORE, '--postgres-env', 'DATABASE_URL']],
    [
      'a URL for the name of a variable',
      'OPTION_INVALID',
      ['status', '--postgres-env', 'p://u:73517351@h/d'],
    ],
    ['an engine that there is not', 'OPTION_INVALID', ['plan', '--engine', 'quantum']],
  ])('%s', async (_, code, args) => {
    const error = await failure(args);
    expect(error).toMatchObject({ code });
    expect(error.message).not.toContain('73517351');
    expect(error.message).not.toContain('\n');
  });

  test('a module that is not there, with a PIN that is taken out of the environment', async () => {
    const { openSqliteStore } = await import('renkei/sqlite');
    await (await openSqliteStore({ path: folder.path('empty.sqlite') })).close();
    process.env.ROTATION_PIN = '73517351';
    const store = ['--sqlite', folder.path('empty.sqlite')];
    const error = await failure(['plan', ...HSM, ...store, '--kind', 'store']);
    expect(error).toMatchObject({ code: 'MODULE_LOAD' });
    expect(process.env.ROTATION_PIN).toBeUndefined();
  });

  test.each<[string, string, string[]]>([
    ['no kind', 'OPTION_INVALID', []],
    ['a kind that there is not', 'OPTION_INVALID', ['--kind', 'everything']],
    ['no institution', 'OPTION_INVALID', ['--kind', 'institution']],
    ['an institution for the store', 'OPTION_UNKNOWN', ['--kind', 'store', '--institution', 'A1']],
    ['a version out of range', 'OPTION_INVALID', ['--kind', 'store', '--version', '256']],
    ['a source that there is not', 'OPTION_INVALID', ['--kind', 'generation', '--source', 'memory']],
    ['a period without end', 'OPTION_INVALID', ['--kind', 'record-period', '--close', '2026']],
    [
      'a moment without zone',
      'OPTION_INVALID',
      ['--kind', 'record-period', '--close', 'a', '--open', 'b', '--ended-at', '2027-04-01T00:00:00'],
    ],
  ])('before anything is opened: %s', async (_, code, args) => {
    expect(await failure(['plan', ...HSM, ...STORE, ...args])).toMatchObject({ code });
  });

  test('people and rows that are no whole numbers', async () => {
    const people = await failure([...PLAN, 'store', '--people', '1e9']);
    expect(people).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('--people') });
    const sample = await failure(['run', ...HSM, ...STORE, '--folder', 'a', '--sample', '100001']);
    expect(sample).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('--sample') });
  });
});
