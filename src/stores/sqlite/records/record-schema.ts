import type { FileSchema } from '../file-schema.js';

/**
 * A row is large beside its keys, and so the tables of rows and entries are in the order of their numbers, which only
 * grow. Inquirer and name of the request stand in first branches only, and so does the index by which a person's rows
 * are found: later branches have the period and the record code of the first. `person` is the first bytes of the record
 * code, as a number: record codes are as good as random, so that each row of a batch goes to a page of its own in that
 * index, and the smaller the entries are the fewer pages there are.
 */
const TABLES = `
  CREATE TABLE record (
    serial INTEGER NOT NULL,
    branch INTEGER NOT NULL CHECK (branch >= 1),
    period TEXT NOT NULL,
    record_code BLOB NOT NULL CHECK (length(record_code) = 24),
    person INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    inquirer TEXT,
    request_id TEXT,
    text TEXT NOT NULL,
    CHECK ((branch = 1) = (inquirer IS NOT NULL) AND (branch = 1) = (request_id IS NOT NULL))
  ) STRICT;
  CREATE UNIQUE INDEX record_number ON record (serial, branch);
  CREATE UNIQUE INDEX record_request ON record (inquirer, request_id) WHERE branch = 1;
  CREATE INDEX record_person ON record (person, serial) WHERE branch = 1;

  CREATE TABLE period (
    name TEXT NOT NULL PRIMARY KEY,
    generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 255),
    least_generation INTEGER NOT NULL CHECK (least_generation BETWEEN generation AND 255),
    first_serial INTEGER NOT NULL,
    rows INTEGER NOT NULL CHECK (rows >= 0),
    erased INTEGER NOT NULL CHECK (erased IN (0, 1))
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE log_entry (
    idx INTEGER PRIMARY KEY,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    text TEXT NOT NULL
  ) STRICT;

  CREATE TABLE log_hash (
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, idx)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
  ) STRICT;

  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    next_serial INTEGER NOT NULL,
    size INTEGER NOT NULL,
    at INTEGER NOT NULL,
    last BLOB NOT NULL CHECK (length(last) = 32),
    subtrees BLOB NOT NULL CHECK (length(subtrees) % 32 = 0)
  ) STRICT;
  INSERT INTO state VALUES (1, 1, 0, 0, zeroblob(32), x'');
`;

/** A record file with its log; "RNK2" marks the file. */
export const RECORD_SCHEMA: FileSchema = {
  what: 'record file',
  applicationId: 0x524e4b32,
  version: 1,
  // Small ones make the least of rows that go to a page each, large ones of those that come one behind the other.
  pageBytes: 8_192,
  tables: TABLES,
  migrations: new Map(),
};
