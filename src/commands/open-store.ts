import { statSync } from 'node:fs';
import { type IssuanceStore, RenkeiError } from 'renkei';
import { takeFromEnvironment } from './environment.js';

/** Where a store is: a file of SQLite or a database of PostgreSQL. Exactly one of the first two. */
export interface StorePlace {
  /** Path of the file. */
  readonly sqlite: string | undefined;
  /** Name of the environment variable that holds the URL of the database. */
  readonly postgres: string | undefined;
  /** Schema in the database. */
  readonly schema: string | undefined;
}

/**
 * Opens a store that is there; none is ever made. The drivers are loaded when they are needed: one may be missing.
 *
 * @param usage what to tell when the place is none
 * @throws RenkeiError `OPTION_INVALID` or a store error
 */
export async function openExistingStore(
  { sqlite, postgres, schema }: StorePlace,
  usage: string,
): Promise<IssuanceStore> {
  if (sqlite !== undefined && postgres === undefined && schema === undefined) {
    if (statSync(sqlite, { throwIfNoEntry: false })?.isFile() !== true) {
      throw new RenkeiError('OPTION_INVALID', 'there is no file where --sqlite says');
    }
    const { openSqliteStore } = await import('renkei/sqlite');
    return openSqliteStore({ path: sqlite, create: false });
  }
  if (postgres === undefined || sqlite !== undefined) throw new RenkeiError('OPTION_INVALID', usage);
  const connectionString = takeFromEnvironment(postgres, 'the URL of the database');
  const { openPostgresStore } = await import('renkei/postgres');
  return openPostgresStore({
    connection: { connectionString },
    create: false,
    ...(schema === undefined ? {} : { schema }),
  });
}
