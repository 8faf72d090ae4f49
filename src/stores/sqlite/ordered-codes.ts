import type { Database } from 'better-sqlite3';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { MAX_BATCH_ROWS } from '../calls.js';
import { inOrder, isInKeyOrder, keyOrder } from '../key-order.js';

/** Gives a connection its table `slice` of the numbers from 0 on; others do not see it. */
export function numberSlices(database: Database): void {
  database.exec(`
    CREATE TEMP TABLE slice (i INTEGER PRIMARY KEY);
    INSERT INTO slice
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${MAX_BATCH_ROWS})
      SELECT i FROM n;
  `);
}

/**
 * Cuts the packed codes `@codes` into rows inside SQL, by the numbers in `slice`: binding them one by one costs five
 * times as much.
 */
export const SLICES = `SELECT i, substr(@codes, i * ${CODE_LENGTH} + 1, ${CODE_LENGTH}) AS code FROM slice WHERE i < @rows`;

/** What {@link SLICES} is bound to. */
export interface Slices {
  /** n × 24 bytes. */
  readonly codes: Uint8Array;
  /** n. */
  readonly rows: number;
}

/** Packed codes in key order: the tables are in that order too, so that each of their pages is visited once. */
export interface OrderedCodes {
  /** The codes in key order; those that were given when they were so already. */
  readonly slices: Slices;
  /** Where the row at a place in key order was given. */
  givenAt(place: number): number;
}

/** Brings packed codes into key order. Equal codes stay in the order they were given in. */
export function orderCodes(codes: Uint8Array): OrderedCodes {
  const rows = codes.length / CODE_LENGTH;
  if (isInKeyOrder(codes)) return { slices: { codes, rows }, givenAt: (place) => place };
  const order = keyOrder(codes);
  return { slices: { codes: inOrder(codes, order), rows }, givenAt: (place) => order[place] as number };
}
