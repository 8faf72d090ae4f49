import Sqlite from 'better-sqlite3';
import { parseInstitutionCode } from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { expect, test } from 'vitest';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { withCode } from '../../support/with-code.js';
import { batchOf, storeCode, storeCodes } from '../contract.js';

const A = parseInstitutionCode('A1');
const folder = makeScratchFolder();
let files = 0;

/** The tables as release 0.1 made them. */
const SCHEMA_1 = `
  CREATE TABLE key (
    name TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE CHECK (length(fingerprint) = 16),
    registered_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE institution (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE person (
    store_code BLOB NOT NULL PRIMARY KEY CHECK (length(store_code) = 24),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 255),
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE issuance (
    institution_id INTEGER NOT NULL,
    store_code BLOB NOT NULL CHECK (length(store_code) = 24),
    key_version INTEGER NOT NULL CHECK (key_version BETWEEN 1 AND 255),
    issued_at INTEGER NOT NULL,
    PRIMARY KEY (institution_id, store_code)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = 0x524e4b31;
  PRAGMA user_version = 1;
`;

/** A store of schema 1 with one key, 500 people and an issuance each. */
function makeOldStore(): string {
  const path = folder.path(`${files++}.sqlite`);
  const database = new Sqlite(path);
  database.exec(`PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; ${SCHEMA_1}`);
  database.prepare('INSERT INTO key VALUES (?, ?, ?)').run('link/1', '1'.padEnd(16, '0'), 5);
  database.prepare('INSERT INTO key VALUES (?, ?, ?)').run('institution/A1/1', 'a'.padEnd(16, '0'), 5);
  database.prepare('INSERT INTO institution VALUES (7, ?)').run('A1');
  for (let n = 0; n < 500; n++) {
    database.prepare('INSERT INTO person VALUES (?, 1, 1000)').run(storeCode(n));
    database.prepare('INSERT INTO issuance VALUES (7, ?, 1, 1000)').run(storeCode(n));
  }
  database.close();
  return path;
}

/** The same of schema 2, with more keys and an alias of person 2. */
function makeStoreOfSchema2(keys: readonly (readonly [name: string, registeredAt: number])[]): string {
  const path = makeOldStore();
  read(path, (database) => {
    database.exec(`
      ALTER TABLE person ADD COLUMN canonical BLOB CHECK (length(canonical) = 24);
      CREATE INDEX alias ON person (store_code, canonical) WHERE canonical IS NOT NULL;
      CREATE INDEX alias_of ON person (canonical) WHERE canonical IS NOT NULL;
      PRAGMA user_version = 2;
    `);
    for (const [k, [name, registeredAt]] of keys.entries()) {
      database.prepare('INSERT INTO key VALUES (?, ?, ?)').run(name, `b${k}`.padEnd(16, '0'), registeredAt);
    }
    database.prepare('INSERT INTO person VALUES (?, 1, 1000, ?)').run(storeCode(1_002), storeCode(2));
  });
  return path;
}

function read<T>(path: string, action: (database: Sqlite.Database) => T): T {
  const database = new Sqlite(path);
  try {
    return action(database);
  } finally {
    database.close();
  }
}

const shape = (path: string) =>
  read(path, (database) => [
    database.pragma('user_version'),
    database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name").all(),
    database
      .prepare(
        `SELECT s.name, c.* FROM sqlite_schema AS s, pragma_table_xinfo(s.name) AS c
          WHERE s.type = 'table' ORDER BY s.name, c.cid`,
      )
      .all(),
  ]);

test('a store of schema 1 becomes one of schema 3 and keeps every row', async () => {
  const path = makeOldStore();
  await using store = await openSqliteStore({ path });
  expect(await store.count()).toEqual({ keys: 2, persons: 500, aliases: 0, issuances: 500 });
  expect(await store.check()).toEqual([]);
  expect([...(await store.issue(batchOf(A, storeCodes(1, 2, 999)))).versions]).toEqual([1, 1, 0]);
  const pair = { generation: 1, changedAt: 2_000, oldCodes: storeCodes(1), newCodes: storeCodes(1_001) };
  expect(await store.change(pair)).toEqual(['inserted']);
  expect(await store.lookUp(A, storeCodes(1_001))).toEqual({
    versions: Uint8Array.of(1),
    canonical: new Map([[0, new Uint8Array(storeCode(1))]]),
    aliases: new Set([0]),
  });
  expect(await store.check()).toEqual([]);
});

test('keys on record before there were states come into theirs by age: the highest is active', async () => {
  const path = makeStoreOfSchema2([
    ['link/2', 20],
    ['store/1', 5],
    ['store/2', 25],
    ['institution/A1/2', 30],
    ['institution/A1/10', 40],
    ['institution/A12/1', 50],
    ['record/2025', 60],
    ['record/2026', 70],
    ['audit/1', 80],
    ['audit/2', 90],
  ]);
  await using store = await openSqliteStore({ path });
  const keys = (await store.listKeys()).map(({ name, state, since, generation }) => [
    name,
    state,
    since,
    generation,
  ]);
  expect(keys).toEqual([
    ['audit/1', 'accepting', { active: 80, accepting: 90 }, undefined],
    ['audit/2', 'active', { active: 90 }, undefined],
    ['institution/A1/1', 'accepting', { active: 5, accepting: 30 }, 2],
    ['institution/A1/10', 'active', { active: 40 }, 2],
    ['institution/A1/2', 'accepting', { active: 30, accepting: 40 }, 2],
    ['institution/A12/1', 'active', { active: 50 }, 2],
    ['link/1', 'retired', { active: 5, retired: 20 }, 1],
    ['link/2', 'active', { active: 20 }, 2],
    ['record/2025', 'active', { active: 60 }, undefined],
    ['record/2026', 'active', { active: 70 }, undefined],
    ['store/1', 'accepting', { active: 5, accepting: 25 }, 2],
    ['store/2', 'active', { active: 25 }, 2],
  ]);
  expect(await store.outlook()).toEqual({ epoch: 0, holdUntil: 0 });
  expect(await store.count()).toEqual({ keys: 12, persons: 500, aliases: 1, issuances: 500 });
  const { aliases, canonical } = await store.lookUp(A, storeCodes(1_002));
  expect([aliases, canonical.get(0)]).toEqual([new Set([0]), new Uint8Array(storeCode(2))]);
  expect((await store.check()).map(({ invariant }) => invariant)).toEqual(['institution-has-key']);
});

test('a store that was brought up to date is like a new one', async () => {
  const fresh = folder.path(`${files++}.sqlite`);
  await (await openSqliteStore({ path: fresh })).close();
  for (const path of [makeOldStore(), makeStoreOfSchema2([])]) {
    await (await openSqliteStore({ path })).close();
    expect(shape(path)).toEqual(shape(fresh));
  }
});

test('what a store may not hold, one that was brought up to date may not either', async () => {
  const path = makeOldStore();
  await (await openSqliteStore({ path })).close();
  const insert = (canonical: Uint8Array) =>
    read(path, (database) =>
      database.prepare('INSERT INTO person VALUES (?, 1, 0, ?)').run(storeCode(2_000), canonical),
    );
  expect(() => insert(new Uint8Array(23))).toThrow(/CHECK/);
  expect(insert(new Uint8Array(24)).changes).toBe(1);
});

test('bringing a store up to date is one transaction: what fails leaves schema 1', async () => {
  const path = makeOldStore();
  // Takes the name of the second index, so that the last step fails.
  read(path, (database) => database.exec('CREATE TABLE alias_of (x)'));
  const before = shape(path);
  await expect(openSqliteStore({ path })).rejects.toThrow(withCode('STORE_FAULT'));
  expect(shape(path)).toEqual(before);
  read(path, (database) => database.exec('DROP TABLE alias_of'));
  await using store = await openSqliteStore({ path });
  expect(await store.count()).toMatchObject({ persons: 500, issuances: 500 });
});

test('a release that knows less than the store leaves it alone', async () => {
  const path = makeOldStore();
  read(path, (database) => database.pragma('user_version = 4'));
  const before = shape(path);
  await expect(openSqliteStore({ path })).rejects.toThrow(
    withCode('STORE_SCHEMA', { message: /schema 4.*1 to 3/, retryable: false }),
  );
  expect(shape(path)).toEqual(before);
});
