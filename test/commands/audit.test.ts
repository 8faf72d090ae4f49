import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { auditKey } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openPostgresRecordStore, openPostgresStore } from 'renkei/postgres';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runRotation } from '../../src/commands/run-rotation.js';
import { drafts, MOMENT, ORIGIN } from '../support/audit-log.js';
import { ScratchPostgres } from '../support/postgres.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { makeScratchToken } from '../support/softhsm.js';
import { withCode } from '../support/with-code.js';

const folder = makeScratchFolder();
const token = makeScratchToken('renkei-audit');
const KEY_FILE = folder.path('audit-1.der');
let postgres: ScratchPostgres;

beforeAll(async () => {
  postgres = await ScratchPostgres.start();
  const place = { module: token.module, token: token.token, pin: token.pin };
  const keys = ['link/1', 'audit/1'].map((name) => ({ name, level: 1 as const }));
  await provisionKeys({ ...place, keys });
  await using vault = await openPkcs11Vault({ ...place, engine: 'bulk' });
  writeFileSync(KEY_FILE, await vault.publicKey(auditKey(1)));
});
afterAll(async () => {
  token.remove();
  await postgres.remove();
});

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function audit(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Run> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/commands/audit.ts', ...args], {
    env: { ...process.env, ...env },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

const TRUST = ['--origin', ORIGIN, '--public-key', KEY_FILE];
const sign = (place: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  audit(
    [
      'checkpoint',
      ...place,
      '--origin',
      ORIGIN,
      '--module',
      token.module,
      '--token',
      token.token.label,
    ].concat('--pin-env', 'AUDIT_PIN'),
    { ...env, AUDIT_PIN: token.userPin },
  );

/** A record file on SQLite with so many entries in its log. */
async function logOf(name: string, entries: number): Promise<readonly string[]> {
  const path = folder.path(name);
  await using store = await openSqliteRecordStore({ path });
  await store.appendLog(drafts(entries), MOMENT);
  return ['--records-sqlite', path];
}

describe('npm run audit', () => {
  test('signs a checkpoint in the HSM, verifies, and names what was tampered with, with exit code 1', async () => {
    const place = await logOf('log.sqlite', 30);
    const signed = await sign(place);
    expect(signed).toEqual({ code: 0, out: expect.stringMatching(new RegExp(`^${ORIGIN}\n30\n`)), err: '' });
    const kept = folder.path('checkpoint');
    writeFileSync(kept, signed.out);
    const verify = ['verify', ...place, ...TRUST, '--checkpoint', kept];
    expect(await audit(verify)).toEqual({ code: 0, out: 'clean: entries 30, signed 30\n', err: '' });
    const database = new Sqlite(folder.path('log.sqlite'));
    database.exec(`UPDATE log_entry SET text = replace(text, '"number":7}', '"number":8}') WHERE idx = 7`);
    database.exec('DELETE FROM log_entry WHERE idx = 20');
    database.close();
    expect(await audit(verify)).toEqual({
      code: 1,
      out: 'entry-changed: index 7\nentries-missing: index 20, count 1\nfindings: 2, entries 30, signed 30\n',
      err: '',
    });
  });

  test('ships lines, which it verifies on the other side, out of a file or from standard input', async () => {
    const place = await logOf('shipped.sqlite', 2_500);
    await sign(place);
    const shipped = await audit(['ship', ...place]);
    expect(shipped.out.trimEnd().split('\n')).toHaveLength(2_501);
    const path = folder.path('shipped.jsonl');
    writeFileSync(path, shipped.out);
    const clean = { code: 0, out: 'clean: entries 2500, signed 2500\n', err: '' };
    expect(await audit(['verify-lines', path, ...TRUST])).toEqual(clean);
    expect(await audit(['verify-lines', ...TRUST], {}, readFileSync(path, 'utf8'))).toEqual(clean);
    const tail = await audit(['ship', ...place, '--from', '2499']);
    expect(tail.out.split('\n')[0]).toBe(shipped.out.split('\n')[2_499]);
    const twice = await audit(['verify-lines', ...TRUST], {}, shipped.out + tail.out);
    expect(twice).toEqual(clean);
    const gap = await audit(['verify-lines', ...TRUST], {}, tail.out);
    expect(gap).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^entries-missing: index 0, count 2499\n/),
    });
  });

  test('does the same on PostgreSQL, with the URL out of an environment variable', async () => {
    const connection = await postgres.newDatabase();
    await (await openPostgresRecordStore({ connection })).appendLog(drafts(5), MOMENT);
    const { host, port, database, user, password } = connection;
    const env = { URL_OF_LOG: `postgresql://${user}:${password}@${host}:${port}/${database}` };
    const place = ['--records-postgres-env', 'URL_OF_LOG'];
    expect(await sign(place, env)).toMatchObject({ code: 0 });
    expect(await audit(['verify', ...place, ...TRUST], env)).toMatchObject({
      code: 0,
      out: 'clean: entries 5, signed 5\n',
    });
  });

  test.each([
    [[], /^OPTION_INVALID: usage: npm run audit -- verify\|verify-lines\|checkpoint\|ship/],
    [['verify'], /^OPTION_INVALID: give the record file/],
    [['verify-lines', 'nowhere'], /^OPTION_INVALID: the option --public-key is missing/],
    [['verify-lines', 'nowhere', ...TRUST], /^OPTION_INVALID: the file of lines cannot be read/],
    [['verify-lines', ...TRUST, '--checkpoint', 'nowhere'], /^OPTION_INVALID: a file of --checkpoint cannot/],
    [['ship', '--origin', 'x'], /^OPTION_UNKNOWN: ship has no option --origin/],
    [['verify', '--pin', '1234'], /^OPTION_UNKNOWN: an option is not known/],
  ])('with %j says in one line what is wrong, with exit code 2', async (args, message) => {
    const { code, out, err } = await audit(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain('\n');
  });
});

test('the log of a rotation may be in the database of its store, by one variable, which is gone afterwards', async () => {
  const connection = await postgres.newDatabase();
  await (await openPostgresStore({ connection })).close();
  await (await openPostgresRecordStore({ connection })).close();
  const { user, password, host, port, database } = connection;
  process.env.RENKEI_DATABASE = `postgresql://${user}:${password}@${host}:${port}/${database}`;
  process.env.RENKEI_PIN = token.userPin;
  const hsm = ['--module', token.module, '--token', 'renkei-audit', '--pin-env', 'RENKEI_PIN'];
  const stores = ['--postgres-env', 'RENKEI_DATABASE', '--records-postgres-env', 'RENKEI_DATABASE'];
  const pausing = runRotation(['pause', ...hsm, ...stores], new AbortController().signal);
  // Stores and HSM were opened; there is none to pause.
  await expect(pausing).rejects.toThrow(withCode('ROTATION_UNKNOWN'));
  expect(process.env.RENKEI_DATABASE).toBeUndefined();
});
