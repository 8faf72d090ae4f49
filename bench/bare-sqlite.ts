import type { Database } from 'better-sqlite3';
import { CODE_LENGTH } from '../src/codes/per-institution-code.js';
import { openDatabase } from '../src/stores/sqlite/open-database.js';
import { numberSlices } from '../src/stores/sqlite/ordered-codes.js';
import { ISSUANCE_SCHEMA } from '../src/stores/sqlite/schema.js';
import type { BareTarget } from './bare-comparison.js';

/** What stores on SQLite take by default. */
export const CACHE_MIB = 64;

/**
 * The least a durable issuance can cost: the same rows in the same two tables, sliced in SQL out of a packed blob,
 * one transaction a batch, in a file with the same settings, and nothing else. Takes rows in key order.
 */
export class BareSqlite implements BareTarget {
  readonly #database: Database;
  readonly insert: (codes: Uint8Array) => void;

  /** @param path a new file */
  constructor(path: string) {
    const database = openDatabase(ISSUANCE_SCHEMA, {
      path,
      cacheMiB: CACHE_MIB,
      busyTimeoutMs: 0,
      create: true,
    });
    numberSlices(database);
    const code = `substr(@codes, i * ${CODE_LENGTH} + 1, ${CODE_LENGTH})`;
    const person = database.prepare(
      `INSERT INTO person SELECT ${code}, 1, @now, NULL FROM slice WHERE i < @rows`,
    );
    const issuance = database.prepare(
      `INSERT INTO issuance SELECT 1, ${code}, 1, @now FROM slice WHERE i < @rows`,
    );
    this.#database = database;
    this.insert = database.transaction((codes: Uint8Array) => {
      const parameters = { codes, rows: codes.length / CODE_LENGTH, now: Date.now() };
      person.run(parameters);
      issuance.run(parameters);
    });
  }

  close(): void {
    this.#database.close();
  }
}
