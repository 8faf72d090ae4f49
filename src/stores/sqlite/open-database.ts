import { existsSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { RenkeiError } from '../../errors/renkei-error.js';
import { type FileSchema, prepareSchema, schemaVersion } from './file-schema.js';
import type { SqliteStoreOptions } from './sqlite-store-options.js';

/** Size of the write-ahead log from which its pages are moved into the database file. */
const CHECKPOINT_BYTES = 64 * 1_048_576;

/**
 * Opens a database file with the settings of a store, and makes the tables in an empty one.
 */
export function openDatabase(
  schema: FileSchema,
  { path, cacheMiB, busyTimeoutMs, create }: Required<SqliteStoreOptions>,
): Database {
  if (!create && !existsSync(path)) throw noStore(schema);
  const database = new Sqlite(path, { timeout: busyTimeoutMs });
  try {
    // First, since the journal mode below is written into the file.
    if (schemaVersion(database, schema) === 0 && !create) throw noStore(schema);
    // Takes effect in a new file only.
    database.pragma(`page_size = ${schema.pageBytes}`);
    if (database.pragma('journal_mode = WAL', { simple: true }) !== 'wal') {
      throw new RenkeiError('OPTION_INVALID', 'option "path" must be a file that can have a WAL');
    }
    database.pragma('synchronous = FULL');
    // A page whose cells cannot be right is refused when it is read, not when a cell is.
    database.pragma('cell_size_check = ON');
    const pageBytes = database.pragma('page_size', { simple: true }) as number;
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_BYTES / pageBytes}`);
    database.pragma(`cache_size = -${cacheMiB * 1024}`);
    // A batch touches nearly every page, and SQLite keeps the old ones until the statement has ended: in memory
    // they would be as much as the database. The temporary file has no name and holds what the database holds.
    database.pragma('temp_store = FILE');
    prepareSchema(database, schema);
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
export function openForCopying(path: string, schema: FileSchema): Database {
  const database = new Sqlite(path, { fileMustExist: true });
  try {
    database.exec('BEGIN');
    if (schemaVersion(database, schema) === 0) {
      throw new RenkeiError('STORE_SCHEMA', `the database file is no ${schema.what}`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function noStore({ what }: FileSchema): RenkeiError {
  return new RenkeiError('STORE_SCHEMA', `there is no ${what}, and none is to be made`);
}
