import type { Database } from 'better-sqlite3';
import { RenkeiError } from '../../errors/renkei-error.js';

/** The tables of one kind of database file. */
export interface FileSchema {
  /** What such a file is, for messages. */
  readonly what: string;
  /** Marks the file as ours, so that another program's database is never written to. */
  readonly applicationId: number;
  /** The version that is made and worked with. */
  readonly version: number;
  /** Size of a page in a new file. */
  readonly pageBytes: number;
  /** Makes the tables of this version in an empty file. */
  readonly tables: string;
  /** What makes a file of one version one of the next, by the version it starts from. */
  readonly migrations: ReadonlyMap<number, string>;
}

/**
 * The version of a file's schema, 0 for an empty file; refuses a file that is somebody else's or of a version that is
 * not known. Only reads.
 *
 * @throws RenkeiError `STORE_SCHEMA`
 */
export function schemaVersion(database: Database, schema: FileSchema): number {
  const id = database.pragma('application_id', { simple: true });
  const version = database.pragma('user_version', { simple: true }) as number;
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (id === 0 && version === 0 && tables === 0) return 0;
  if (id !== schema.applicationId) {
    throw new RenkeiError('STORE_SCHEMA', `the database file is no ${schema.what}`);
  }
  if (version !== schema.version && !schema.migrations.has(version)) {
    throw new RenkeiError(
      'STORE_SCHEMA',
      `the store has schema ${version}; this version knows 1 to ${schema.version}`,
    );
  }
  return version;
}

/**
 * Makes the tables in an empty file, or brings those of an older version up to date; once, however many processes
 * open it.
 */
export function prepareSchema(database: Database, schema: FileSchema): void {
  if (schemaVersion(database, schema) === schema.version) return;
  database
    .transaction(() => {
      let version = schemaVersion(database, schema);
      if (version === schema.version) return;
      if (version === 0) {
        database.exec(schema.tables);
        database.pragma(`application_id = ${schema.applicationId}`);
      } else {
        for (; version < schema.version; version++) database.exec(schema.migrations.get(version) as string);
      }
      database.pragma(`user_version = ${schema.version}`);
    })
    .immediate();
}
