import { statSync } from 'node:fs';
import { type IssuanceStore, type RecordStore, RenkeiError } from 'renkei';
import { takeFromEnvironment } from './environment.js';

/** Where a store is: a file of SQLite or a database of PostgreSQL. Exactly one of the first two. */
export interface StorePlace {
  /** Path of the file. */
  readonly sqlite: string | undefined;
  /** Name of the environment variable that holds the URL of the database. */
  readonly postgres: string | undefined;
  /** The same variable names another place, which is opened later. Default: false. */
  readonly isVariableShared?: boolean;
  /** Schema in the database. */
  readonly schema: string | undefined;
}

/**
 * Opens a store that is there; none is ever made. The drivers are loaded when they are needed: one may be missing.
 *
 * @param usage what to tell when the place is none
 * @throws RenkeiError `OPTION_INVALID` or a store error
 */
export async function openExistingStore(place: StorePlace, usage: string): Promise<IssuanceStore> {
  const found = findPlace(place, '--sqlite', usage);
  if ('path' in found) return (await import('renkei/sqlite')).openSqliteStore(found);
  return (await import('renkei/postgres')).openPostgresStore(found);
}

/**
 * Opens a record file that is there, in the same way.
 *
 * @param create makes one where there is none
 */
export async function openExistingRecords(
  place: StorePlace,
  usage: string,
  create = false,
): Promise<RecordStore> {
  const found = findPlace(place, '--records-sqlite', usage, create);
  if ('path' in found) return (await import('renkei/sqlite')).openSqliteRecordStore(found);
  return (await import('renkei/postgres')).openPostgresRecordStore(found);
}

interface PostgresPlace {
  readonly connection: { readonly connectionString: string };
  readonly create: boolean;
  readonly schema?: string;
}

/** The options by which a place is opened. @param option the one that names a file @param create whether it may be made */
function findPlace(
  { sqlite, postgres, isVariableShared, schema }: StorePlace,
  option: string,
  usage: string,
  create = false,
): { path: string; create: boolean } | PostgresPlace {
  if (sqlite !== undefined && postgres === undefined && schema === undefined) {
    if (!create && statSync(sqlite, { throwIfNoEntry: false })?.isFile() !== true) {
      throw new RenkeiError('OPTION_INVALID', `there is no file where ${option} says`);
    }
    return { path: sqlite, create };
  }
  if (postgres === undefined || sqlite !== undefined) throw new RenkeiError('OPTION_INVALID', usage);
  const connectionString = takeFromEnvironment(postgres, 'the URL of the database', isVariableShared);
  return { connection: { connectionString }, create, ...(schema === undefined ? {} : { schema }) };
}
