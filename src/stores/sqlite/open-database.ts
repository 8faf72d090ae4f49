import Sqlite, { type Database } from 'better-sqlite3';
import { RenkeiError } from '../../errors/renkei-error.js';
import { MAX_BATCH_ROWS } from '../port.js';
import { prepareSchema, schemaVersion } from './schema.js';

/**
 * Codes are as good as random, so a large batch writes to every page of the tables: few large pages are written
 * sooner than many small ones.
 */
const PAGE_BYTES = 16_384;
/** Size of the write-ahead log from which its pages are moved into the database file. */
const CHECKPOINT_BYTES = 64 * 1_048_576;

/**
 * Opens a database file with the settings of a store, and makes the tables in an empty one. The connection gets a
 * table `slice` of the numbers from 0 on, by which a packed batch is cut into rows inside SQL.
 */
export function openDatabase(path: string, cacheMiB: number, busyTimeoutMs: number): Database {
  const database = new Sqlite(path, { timeout: busyTimeoutMs });
  try {
    // First, since the journal mode below is written into the file.
    schemaVersion(database);
    // Takes effect in a new file only.
    database.pragma(`page_size = ${PAGE_BYTES}`);
    if (database.pragma('journal_mode = WAL', { simple: true }) !== 'wal') {
      throw new RenkeiError(
        'OPTION_INVALID',
        'openSqliteStore: option "path" must be a file that can have a WAL',
      );
    }
    database.pragma('synchronous = FULL');
    // A page whose cells cannot be right is refused when it is read, not when a cell is.
    database.pragma('cell_size_check = ON');
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_BYTES / PAGE_BYTES}`);
    database.pragma(`cache_size = -${cacheMiB * 1024}`);
    // A batch touches nearly every page, and SQLite keeps the old ones until the statement has ended: in memory
    // they would be as much as the database. The temporary file has no name and holds what the database holds.
    database.pragma('temp_store = FILE');
    prepareSchema(database);
    numberSlices(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Opens the file of a store to copy it as it is now: the connection keeps what it sees, whatever others write. The file
 * is not written to.
 */
export function openForCopying(path: string): Database {
  const database = new Sqlite(path, { fileMustExist: true });
  try {
    database.exec('BEGIN');
    if (schemaVersion(database) === 0) {
      throw new RenkeiError('STORE_SCHEMA', 'the database file is not an issuance store');
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function numberSlices(database: Database): void {
  database.exec(`
    CREATE TEMP TABLE slice (i INTEGER PRIMARY KEY);
    INSERT INTO slice
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${MAX_BATCH_ROWS})
      SELECT i FROM n;
  `);
}
