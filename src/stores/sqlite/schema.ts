import type { FileSchema } from './file-schema.js';
import { KEY_TABLE, KEYS_OF_SCHEMA_2, ROTATION_TABLES } from './rotation-schema.js';

/** An alias is a row of a person with a person's own store code in `canonical`; most people have none. */
const ALIAS_INDEXES = `
  CREATE INDEX alias ON person (store_code, canonical) WHERE canonical IS NOT NULL;
  CREATE INDEX alias_of ON person (canonical) WHERE canonical IS NOT NULL;
`;

/**
 * Every row that names a person does so by the store code, 24 bytes. The tables are clustered by their primary keys
 * (WITHOUT ROWID): a row is its key and a few small integers.
 */
const TABLES = `
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
`;

/** What makes a store of one version one of the next, by the version it starts from. */
const MIGRATIONS: ReadonlyMap<number, string> = new Map([
  [1, `ALTER TABLE person ADD COLUMN canonical BLOB CHECK (length(canonical) = 24); ${ALIAS_INDEXES}`],
  [
    2,
    `ALTER TABLE key RENAME TO old_key; ${KEY_TABLE} ${KEYS_OF_SCHEMA_2} DROP TABLE old_key; ${ROTATION_TABLES}`,
  ],
]);

/** An issuance store; "RNK1" marks the file. */
export const ISSUANCE_SCHEMA: FileSchema = {
  what: 'issuance store',
  applicationId: 0x524e4b31,
  version: 3,
  // Codes are as good as random, so a large batch writes to every page of the tables: few large pages are written
  // sooner than many small ones.
  pageBytes: 16_384,
  tables: TABLES,
  migrations: MIGRATIONS,
};
