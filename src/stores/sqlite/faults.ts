import { SqliteError } from 'better-sqlite3';
import { RenkeiError } from '../../errors/renkei-error.js';

/** Result codes that waiting or repeating does not mend (https://www.sqlite.org/rescode.html). */
const CORRUPT = /^SQLITE_(CORRUPT|NOTADB)/;

/**
 * The error of this library for a failure of SQLite: its result code and nothing else, since SQLite's own message may
 * quote a value.
 */
export function storeError(during: string, error: unknown): unknown {
  if (error instanceof RenkeiError) return error;
  const code = error instanceof SqliteError ? error.code : 'no result code';
  if (CORRUPT.test(code))
    return new RenkeiError('STORE_CORRUPT', `${during}: the database file is damaged (${code})`);
  return new RenkeiError('STORE_FAULT', `${during}: ${code}`);
}

/** Runs one action on the database; its failure becomes an error of this library. */
export function storing<T>(during: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw storeError(during, error);
  }
}
