import Sqlite, { type Database } from 'better-sqlite3';
import { CODE_LENGTH } from '../src/codes/per-institution-code.js';

/**
 * The least a durable issuance can cost: the same rows in the same two tables, sliced in SQL out of a packed blob,
 * one transaction a batch, in a file with the same settings, and nothing else. Takes rows in key order.
 */
export class BareInsert {
  readonly #database: Database;
  readonly #insert: (codes: Uint8Array) => void;

  /** @param path a new file */
  constructor(path: string, batchRows: number) {
    const database = new Sqlite(path);
    database.pragma('page_size = 16384');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('wal_autocheckpoint = 8192');
    database.pragma('cache_size = -65536');
    database.pragma('temp_store = FILE');
    database.exec(`
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
      CREATE TEMP TABLE slice (i INTEGER PRIMARY KEY);
      INSERT INTO slice
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${batchRows})
        SELECT i FROM n;`);
    const code = `substr(@codes, i * ${CODE_LENGTH} + 1, ${CODE_LENGTH})`;
    const person = database.prepare(`INSERT INTO person SELECT ${code}, 1, @now FROM slice WHERE i < @rows`);
    const issuance = database.prepare(
      `INSERT INTO issuance SELECT 1, ${code}, 1, @now FROM slice WHERE i < @rows`,
    );
    this.#database = database;
    this.#insert = database.transaction((codes: Uint8Array) => {
      const parameters = { codes, rows: codes.length / CODE_LENGTH, now: Date.now() };
      person.run(parameters);
      issuance.run(parameters);
    });
  }

  /** One transaction, on disk when it returns. */
  insert(codes: Uint8Array): void {
    this.#insert(codes);
  }

  close(): void {
    this.#database.close();
  }
}
