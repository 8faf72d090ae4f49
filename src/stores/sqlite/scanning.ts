import { setImmediate } from 'node:timers/promises';
import type { Database } from 'better-sqlite3';
import { throwIfAborted } from '../../errors/abort.js';
import type { StoreCallOptions } from '../port.js';
import type { Transactions } from './transactions.js';

/** Rows read in one piece: some tens of milliseconds. */
export const SCAN_ROWS = 50_000;

/** What a piece of a scan is bound to: {@link SCAN_ROWS} rows after a code. */
export interface ScanPiece {
  readonly after: Uint8Array;
  readonly limit: number;
}

/** How far a piece came. */
export interface ScannedPiece {
  readonly rows: number;
  /** The last code of the piece. */
  readonly last: Uint8Array | null;
}

/**
 * Reads a table in pieces, in the order of its codes. Between two of them others get their turn and the caller may
 * give up. Each piece sees the store as it is then, so no long transaction keeps the write-ahead log from being
 * emptied.
 *
 * @param scan reads one piece
 */
export async function scanPieces(
  transactions: Transactions,
  options: StoreCallOptions,
  scan: (piece: ScanPiece) => ScannedPiece,
): Promise<void> {
  let after = new Uint8Array(0);
  for (;;) {
    throwIfAborted(options.signal);
    const { rows, last } = transactions.read(options, () => scan({ after, limit: SCAN_ROWS }));
    if (rows < SCAN_ROWS || last === null) return;
    after = new Uint8Array(last);
    await setImmediate();
  }
}

/** The numbers of all institutions that issuances stand under, whether they are known or not. */
export function institutionsWithIssuances(database: Database): number[] {
  return database
    .prepare<[], number>(
      `WITH RECURSIVE found(id) AS (
         SELECT min(institution_id) FROM issuance
         UNION ALL
         SELECT (SELECT min(institution_id) FROM issuance WHERE institution_id > id) FROM found WHERE id IS NOT NULL
       ) SELECT id FROM found WHERE id IS NOT NULL`,
    )
    .pluck()
    .all();
}
