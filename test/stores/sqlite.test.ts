import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import Sqlite from 'better-sqlite3';
import { type IssuanceStore, parseInstitutionCode } from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { withCode } from '../support/with-code.js';
import { batchOf, describeIssuanceStore, registerInstitutions, storeCode, storeCodes } from './contract.js';
import { expectLikeMemory } from './like-memory.js';

const A = parseInstitutionCode('A1');
const folder = makeScratchFolder();
let files = 0;
const newPath = () => folder.path(`${files++}.sqlite`);

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const closable of opened.splice(0)) await closable.close();
});

/** A store on a file; closed after the test. */
async function openStore(path: string, busyTimeoutMs = 5_000): Promise<IssuanceStore> {
  const store = await openSqliteStore({ path, busyTimeoutMs });
  opened.push(store);
  return store;
}

/** A connection of another program on the same file. */
function connect(path: string): Sqlite.Database {
  const database = new Sqlite(path);
  opened.push(database);
  return database;
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, k) => first + k);
}

describe('the SQLite store', () => {
  describeIssuanceStore({ newPlace: newPath, open: (path) => openSqliteStore({ path }) });

  it(
    'answers as the store in memory does, whatever is asked in whatever order',
    {
      timeout: 120_000,
    },
    () => expectLikeMemory(() => openSqliteStore({ path: newPath() }), 150, {}),
  );

  it('holds of a person nothing but the store code, a generation, a version and two dates', async () => {
    const path = newPath();
    const store = await openStore(path);
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, storeCodes(1), { generation: 4, keyVersion: 5, issuedAt: 6_000 }));
    const database = connect(path);
    const code = Buffer.from(storeCode(1));
    expect(database.prepare('SELECT * FROM person').all()).toEqual([
      { store_code: code, generation: 4, created_at: 6_000, canonical: null },
    ]);
    expect(database.prepare('SELECT * FROM issuance').all()).toEqual([
      { institution_id: 1, store_code: code, key_version: 5, issued_at: 6_000 },
    ]);
  });

  it('shows nothing of its content', async () => {
    const store = await openStore(newPath());
    for (const text of [
      String(store),
      JSON.stringify(store),
      inspect(store, { showHidden: true, depth: null }),
    ]) {
      expect(text.replaceAll('"', '')).toBe('[SqliteStore: redacted]');
    }
  });
});

describe('opening a SQLite store', () => {
  it.each([
    ['OPTION_UNKNOWN', { path: 'x', timeout: 5 }, /"timeout"/],
    ['OPTION_UNKNOWN', { path: 'x', readonly: true }, /"readonly"/],
    ['OPTION_INVALID', {}, /"path"/],
    ['OPTION_INVALID', { path: '' }, /"path"/],
    ['OPTION_INVALID', { path: 'x', cacheMiB: 0 }, /"cacheMiB"/],
    ['OPTION_INVALID', { path: 'x', cacheMiB: 65_537 }, /"cacheMiB"/],
    ['OPTION_INVALID', { path: 'x', busyTimeoutMs: -1 }, /"busyTimeoutMs"/],
    ['OPTION_INVALID', { path: 'x', busyTimeoutMs: 600_001 }, /"busyTimeoutMs"/],
    ['OPTION_INVALID', { path: ':memory:' }, /"path"/],
    ['OPTION_INVALID', undefined, /object/],
  ] as const)('refuses with %s: %j', async (code, options, message) => {
    await expect(openSqliteStore(options as never)).rejects.toThrow(withCode(code, { message }));
    expect(existsSync('x')).toBe(false);
  });

  it.each([
    ['the database of another program', ['CREATE TABLE their_table (x)', 'PRAGMA application_id = 42']],
    ['an unmarked database with a table', ['CREATE TABLE their_table (x)']],
    ['an empty database that another program has marked', ['PRAGMA application_id = 42']],
    [
      'a store of a later schema',
      ['CREATE TABLE key (x)', 'PRAGMA application_id = 0x524e4b31', 'PRAGMA user_version = 4'],
    ],
    ['a store whose schema has no version', ['CREATE TABLE key (x)', 'PRAGMA application_id = 0x524e4b31']],
  ])('refuses %s and does not write to it', async (_, statements) => {
    const path = newPath();
    const database = new Sqlite(path);
    for (const statement of statements) database.exec(statement);
    database.close();
    const before = readFileSync(path);
    await expect(openSqliteStore({ path })).rejects.toThrow(withCode('STORE_SCHEMA', { retryable: false }));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('refuses a file that is no database, and does not write to it', async () => {
    const path = newPath();
    const text = 'This file is a letter. '.repeat(500);
    writeFileSync(path, text);
    await expect(openSqliteStore({ path })).rejects.toThrow(withCode('STORE_CORRUPT', { retryable: false }));
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('refuses a place where no file can be made', async () => {
    for (const path of ['/proc/renkei.sqlite', folder.path('no/such/folder.sqlite')]) {
      await expect(openSqliteStore({ path })).rejects.toThrow(withCode('STORE_FAULT'));
    }
  });

  it('says that it may be tried again when another program holds the file', async () => {
    const path = newPath();
    const database = connect(path);
    database.exec('BEGIN EXCLUSIVE; CREATE TABLE t (x)');
    const opening = openSqliteStore({ path, busyTimeoutMs: 5 });
    await expect(opening).rejects.toThrow(
      withCode('STORE_FAULT', { message: /SQLITE_BUSY/, retryable: true }),
    );
    database.exec('ROLLBACK');
    await openStore(path);
  });
});

describe('a SQLite store in trouble', () => {
  it('says that a batch may be repeated when another program holds the write lock, and goes on after it', async () => {
    const path = newPath();
    const store = await openStore(path, 5);
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, storeCodes(1)));
    const other = connect(path);
    other.exec('BEGIN IMMEDIATE');
    const busy = withCode('STORE_FAULT', { message: /SQLITE_BUSY/, retryable: true });
    await expect(store.issue(batchOf(A, storeCodes(2)))).rejects.toThrow(busy);
    await expect(registerInstitutions(store, parseInstitutionCode('New'))).rejects.toThrow(busy);
    // Readers are not held up.
    expect([...(await store.lookUp(A, storeCodes(1, 2))).versions]).toEqual([1, 0]);
    other.exec('ROLLBACK');
    expect([...(await store.issue(batchOf(A, storeCodes(1, 2)))).versions]).toEqual([1, 0]);
  });

  it('leaves a batch undone when the disk is full, and takes it when there is room again', async () => {
    const pragma = vi.spyOn(Sqlite.prototype, 'pragma');
    const store = await openStore(newPath());
    const database = pragma.mock.contexts[0] as Sqlite.Database;
    pragma.mockRestore();
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, storeCodes(...range(0, 100))));
    const before = await store.count();
    const pages = database.pragma('page_count', { simple: true }) as number;
    database.pragma(`max_page_count = ${pages + 4}`);
    const batch = batchOf(A, storeCodes(...range(50, 5_000)));
    await expect(store.issue(batch)).rejects.toThrow(
      withCode('STORE_FAULT', { message: /SQLITE_FULL/, retryable: true }),
    );
    expect(await store.count()).toEqual(before);
    database.pragma('max_page_count = 1000000');
    const { versions: held } = await store.issue(batch);
    expect([...held.subarray(0, 50)]).toEqual(range(0, 50).map(() => 1));
    expect(held.subarray(50).every((version) => version === 0)).toBe(true);
    expect(await store.count()).toEqual({ keys: 1, persons: 5_050, aliases: 0, issuances: 5_050 });
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  it('says so when the file is damaged', async () => {
    const path = newPath();
    const store = await openSqliteStore({ path });
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, storeCodes(...range(0, 2_000))));
    await store.close();
    const file = readFileSync(path);
    // The first page, with the schema, stays; the tables become noise.
    for (let k = 5 * 4_096; k < file.length; k++) file[k] = (file[k] as number) ^ 0x5a;
    writeFileSync(path, file);
    const damaged = await openStore(path);
    await expect(damaged.count()).rejects.toThrow(withCode('STORE_CORRUPT', { retryable: false }));
  });

  it('names no code in any error', async () => {
    const path = newPath();
    const store = await openStore(path, 1);
    await registerInstitutions(store, A);
    // SQLite's own messages may quote: a table that refuses every row, with a message of its own.
    const secret = Buffer.from(storeCode(1)).toString('hex');
    connect(path).exec(
      `CREATE TRIGGER refuse BEFORE INSERT ON person BEGIN SELECT RAISE(ABORT, 'no ${secret}'); END`,
    );
    const error: unknown = await store.issue(batchOf(A, storeCodes(1))).catch((thrown: unknown) => thrown);
    expect(error).toEqual(withCode('STORE_FAULT', { message: /SQLITE_CONSTRAINT_TRIGGER/ }));
    const shown = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    expect(shown + JSON.stringify(error)).not.toContain(secret);
  });
});
