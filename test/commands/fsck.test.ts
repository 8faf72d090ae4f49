import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import type { IssuanceStore } from 'renkei';
import { openPostgresRecordStore, openPostgresStore } from 'renkei/postgres';
import { openSqliteRecordStore, openSqliteStore } from 'renkei/sqlite';
import { newBranch, newRecord } from 'renkei/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScratchPostgres } from '../support/postgres.js';
import { syntheticResidents } from '../support/residents.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { openSoftwareIssuer } from '../support/software-issuer.js';
import { acquisitionNumbers } from '../support/synthetic-batches.js';

const folder = makeScratchFolder();
let postgres: ScratchPostgres;
beforeAll(async () => {
  postgres = await ScratchPostgres.start();
});
afterAll(() => postgres.remove());

const PEOPLE = 5;

/** Lets a store live: issued, changed, deleted. Four people are left, one of them with two resident record codes. */
async function live(store: IssuanceStore): Promise<void> {
  const { issuer } = await openSoftwareIssuer({ store });
  for (const institution of ['A1', 'B2']) {
    const residents = syntheticResidents(95, 0, PEOPLE);
    await issuer.issueBatch(institution, { acquisitionNumbers: acquisitionNumbers(PEOPLE), residents });
  }
  await issuer.changeResidentRecordCodes({
    old: syntheticResidents(95, 0, 1),
    new: syntheticResidents(95, 50, 1),
  });
  await issuer.removePersons(syntheticResidents(95, 4, 1));
  await store.close();
}

const CLEAN = 'clean: keys 4, persons 4, aliases 1, issuances 8\n';
const ORPHANS = 'issuance-has-person: 2\nfindings: 1\n';

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function fsck(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/commands/fsck.ts', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

describe('npm run fsck', () => {
  test('on SQLite sums up a store in order, and names what is broken with exit code 1', async () => {
    const path = folder.path('lived.sqlite');
    await live(await openSqliteStore({ path }));
    expect(await fsck(['--sqlite', path])).toEqual({ code: 0, out: CLEAN, err: '' });
    const database = new Sqlite(path);
    const own = 'SELECT canonical FROM person WHERE canonical IS NOT NULL';
    database.exec(`DELETE FROM person WHERE canonical IS NULL AND store_code NOT IN (${own})
      AND store_code = (SELECT min(store_code) FROM issuance WHERE store_code NOT IN (${own}))`);
    database.close();
    expect(await fsck(['--sqlite', path])).toEqual({ code: 1, out: ORPHANS, err: '' });
  });

  test('on PostgreSQL does the same, with the URL out of an environment variable', async () => {
    const connection = await postgres.newDatabase();
    await live(await openPostgresStore({ connection }));
    const { host, port, database, user, password } = connection;
    const URL_OF_STORE = `postgresql://${user}:${password}@${host}:${port}/${database}`;
    const args = ['--postgres-env', 'URL_OF_STORE'];
    expect(await fsck(args, { URL_OF_STORE })).toEqual({ code: 0, out: CLEAN, err: '' });
    const own = 'SELECT canonical FROM renkei.person WHERE canonical IS NOT NULL';
    await postgres.query(
      `DELETE FROM renkei.person WHERE canonical IS NULL AND store_code NOT IN (${own})
        AND store_code = (SELECT store_code FROM renkei.issuance WHERE store_code NOT IN (${own}) LIMIT 1)`,
      connection,
    );
    expect(await fsck(args, { URL_OF_STORE })).toEqual({ code: 1, out: ORPHANS, err: '' });
    const elsewhere = await fsck([...args, '--schema', 'elsewhere'], { URL_OF_STORE });
    expect(elsewhere).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/^STORE_SCHEMA: there is no issuance store/),
    });
    expect(await postgres.query(`SELECT to_regnamespace('elsewhere') AS made`, connection)).toEqual([
      { made: null },
    ]);
    await (await openPostgresStore({ connection, schema: 'unused' })).close();
    const unused = await fsck([...args, '--schema', 'unused'], { URL_OF_STORE });
    expect(unused).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^OPTION_INVALID: there are no keys/),
    });
    const wrong = URL_OF_STORE.replace(password, `${password}x`);
    const refused = await fsck(args, { URL_OF_STORE: wrong });
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).not.toContain(password);
  });

  test('holds a record file against its log, on SQLite and on PostgreSQL, and names the row that was changed', async () => {
    const path = folder.path('records.sqlite');
    const connection = await postgres.newDatabase();
    const { host, port, database, user, password } = connection;
    const URL_OF_STORE = `postgresql://${user}:${password}@${host}:${port}/${database}`;
    for (const store of [
      await openSqliteRecordStore({ path }),
      await openPostgresRecordStore({ connection, schema: 'file' }),
    ]) {
      await store.append({ at: 1_000, records: [newRecord(1), newRecord(2)] });
      await store.append({ at: 2_000, branches: [newBranch(2, 2)] });
      await store.close();
    }
    const runs = [
      ['--records-sqlite', path],
      ['--records-postgres-env', 'URL_OF_STORE', '--schema', 'file'],
    ];
    for (const args of runs) {
      const out = 'clean: periods 1, rows 3, log entries 3\n';
      expect(await fsck(args, { URL_OF_STORE })).toEqual({ code: 0, out, err: '' });
    }
    const tampered = new Sqlite(path);
    tampered.exec(
      `UPDATE record SET text = replace(text, '支給額', '受給額') WHERE serial = 2 AND branch = 1`,
    );
    tampered.close();
    await postgres.query(
      `SET search_path = file; ALTER TABLE record DISABLE TRIGGER ALL;
      UPDATE record SET content = replace(content, '支給額', '受給額') WHERE serial = 2 AND branch = 1`,
      connection,
    );
    for (const args of runs) {
      const out = 'row-changed: serial 2, branch 1, entry 1\nfindings: 1\n';
      expect(await fsck(args, { URL_OF_STORE })).toEqual({ code: 1, out, err: '' });
    }
    const unused = folder.path('unused-records.sqlite');
    await (await openSqliteRecordStore({ path: unused })).close();
    expect(await fsck(['--records-sqlite', unused])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^OPTION_INVALID: the log is empty/),
    });
  });

  test.each<[string, string, string[]]>([
    ['a store and a record file', 'OPTION_INVALID', ['--sqlite', 'a', '--records-sqlite', 'b']],
    ['two record files', 'OPTION_INVALID', ['--records-sqlite', 'a', '--records-postgres-env', 'B']],
    ['a record file that is not there', 'OPTION_INVALID', ['--records-sqlite', 'no-such-file']],
    ['no store', 'OPTION_INVALID', []],
    ['two stores', 'OPTION_INVALID', ['--sqlite', 'a', '--postgres-env', 'B']],
    ['a schema for SQLite', 'OPTION_INVALID', ['--sqlite', 'a', '--schema', 'b']],
    ['an unknown option', 'OPTION_UNKNOWN', ['--sqlite', 'a', '--repair']],
    ['an operand', 'OPTION_UNKNOWN', ['a']],
    ['a variable that is not set', 'OPTION_INVALID', ['--postgres-env', 'RENKEI_NOT_SET']],
    ['a URL for the name of a variable', 'OPTION_INVALID', ['--postgres-env', 'postgresql://u:secret@h/d']],
  ])('ends with exit code 2 and one line for %s', async (_, code, args) => {
    const { out, err, ...result } = await fsck(args);
    expect(result).toEqual({ code: 2 });
    expect(out).toBe('');
    expect(err).toMatch(new RegExp(`^${code}: [^\n]+\n$`));
    expect(err).not.toContain('secret');
  });

  test('makes no file where there is none, and refuses what is no store', async () => {
    const missing = folder.path('missing.sqlite');
    expect(await fsck(['--sqlite', missing])).toMatchObject({ code: 2, out: '' });
    expect(existsSync(missing)).toBe(false);
    const text = folder.path('text.sqlite');
    writeFileSync(text, 'not a database '.repeat(1000));
    expect(await fsck(['--sqlite', text])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/^STORE_/),
    });
    const empty = folder.path('empty.sqlite');
    await (await openSqliteStore({ path: empty })).close();
    expect((await fsck(['--sqlite', empty])).err).toMatch(/^OPTION_INVALID: there are no keys on record/);
  });
});
