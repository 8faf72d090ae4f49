import type { Database } from 'better-sqlite3';
import { RenkeiError } from '../../errors/renkei-error.js';
import { KEY_TABLE, KEYS_OF_SCHEMA_2, ROTATION_TABLES } from './rotation-schema.js';

/** "RNK1": marks the file as ours, so that another program's database is never written to. */
const APPLICATION_ID = 0x524e4b31;
const SCHEMA_VERSION = 3;

/** An alias is a row of a person with a person's own store code in `canonical`; most people have none. */
const ALIAS_INDEXES = `
  CREATE INDEX alias ON person (store_code, canonical) WHERE canonical IS NOT NULL;
  CREATE INDEX alias_of ON person (canonical) WHERE canonical IS NOT NULL;
`;

/**
 * Every row that names a person does so by the store code, 24 bytes. The tables are clustered by their primary keys
 * (WITHOUT ROWID): a row is its key and a few small integers.
 */
const SCHEMA = `
  ${KEY_TABLE}

  CREATE TABLE institution (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE person (
    store_code BLOB NOT NULL PRIMARY KEY CHECK (length(store_code) = 24),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 255),
    created_at INTEGER NOT NULL,
    canonical BLOB CHECK (length(canonical) = 24)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE issuance (
    institution_id INTEGER NOT NULL,
    store_code BLOB NOT NULL CHECK (length(store_code) = 24),
    key_version INTEGER NOT NULL CHECK (key_version BETWEEN 1 AND 255),
    issued_at INTEGER NOT NULL,
    PRIMARY KEY (institution_id, store_code)
  ) STRICT, WITHOUT ROWID;

  ${ALIAS_INDEXES}
  ${ROTATION_TABLES}
  PRAGMA application_id = ${APPLICATION_ID};
`;

/** What makes a store of one version one of the next, by the version it starts from. */
const MIGRATIONS: ReadonlyMap<number, string> = new Map([
  [1, `ALTER TABLE person ADD COLUMN canonical BLOB CHECK (length(canonical) = 24); ${ALIAS_INDEXES}`],
  [
    2,
    `ALTER TABLE key RENAME TO old_key; ${KEY_TABLE} ${KEYS_OF_SCHEMA_2} DROP TABLE old_key; ${ROTATION_TABLES}`,
  ],
]);

/**
 * The version of an issuance store's schema, 0 for an empty file; refuses a file that is somebody else's or of a
 * version that is not known. Only reads.
 *
 * @throws RenkeiError `STORE_SCHEMA`
 */
export function schemaVersion(database: Database): number {
  const id = database.pragma('application_id', { simple: true });
  const version = database.pragma('user_version', { simple: true }) as number;
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (id === 0 && version === 0 && tables === 0) return 0;
  if (id !== APPLICATION_ID) {
    throw new RenkeiError('STORE_SCHEMA', 'the database file is not an issuance store');
  }
  if (version !== SCHEMA_VERSION && !MIGRATIONS.has(version)) {
    throw new RenkeiError(
      'STORE_SCHEMA',
      `the store has schema ${version}; this version knows 1 to ${SCHEMA_VERSION}`,
    );
  }
  return version;
}

/**
 * Makes the tables in an empty file, or brings those of an older version up to date; once, however many processes
 * open it.
 */
export function prepareSchema(database: Database): void {
  if (schemaVersion(database) === SCHEMA_VERSION) return;
  database
    .transaction(() => {
      let version = schemaVersion(database);
      if (version === SCHEMA_VERSION) return;
      if (version === 0) database.exec(SCHEMA);
      else for (; version < SCHEMA_VERSION; version++) database.exec(MIGRATIONS.get(version) as string);
      database.pragma(`user_version = ${SCHEMA_VERSION}`);
    })
    .immediate();
}
