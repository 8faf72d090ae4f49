import type { Database } from 'better-sqlite3';
import { RenkeiError } from '../../errors/renkei-error.js';

/** "RNK1": marks the file as ours, so that another program's database is never written to. */
const APPLICATION_ID = 0x524e4b31;
const SCHEMA_VERSION = 1;

/**
 * Every row that names a person does so by the store code, 24 bytes. The tables are clustered by their primary keys
 * (WITHOUT ROWID): a row is its key and a few small integers.
 */
const SCHEMA = `
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

  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * True for an issuance store of this version, false for an empty file; refuses a file that is somebody else's or of
 * another version. Only reads.
 */
export function isPrepared(database: Database): boolean {
  const id = database.pragma('application_id', { simple: true });
  const version = database.pragma('user_version', { simple: true });
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (id === 0 && version === 0 && tables === 0) return false;
  if (id !== APPLICATION_ID) {
    throw new RenkeiError('STORE_SCHEMA', 'the database file is not an issuance store');
  }
  if (version !== SCHEMA_VERSION) {
    throw new RenkeiError(
      'STORE_SCHEMA',
      `the store has schema ${version}; this version knows ${SCHEMA_VERSION}`,
    );
  }
  return true;
}

/** Makes the tables in an empty file, once, however many processes open it. */
export function prepareSchema(database: Database): void {
  database
    .transaction(() => {
      if (!isPrepared(database)) database.exec(SCHEMA);
    })
    .immediate();
}
