import { RenkeiError } from '../errors/renkei-error.js';
import type { HeldRows } from '../stores/port.js';

/**
 * Makes sure that a store has answered for every row it was asked about. A row that is left out would count as "just
 * inserted" or as "held", and all behind it would get somebody else's answer.
 *
 * @throws RenkeiError `STORE_CORRUPT`
 */
export function everyRow(answer: HeldRows, rows: number): HeldRows {
  if (answer.versions instanceof Uint8Array && answer.versions.length === rows) return answer;
  throw leftOut(rows);
}

/**
 * The same for an answer that is a list.
 *
 * @throws RenkeiError `STORE_CORRUPT`
 */
export function everyEntry<Entry>(answer: readonly Entry[], rows: number): readonly Entry[] {
  if (Array.isArray(answer) && answer.length === rows) return answer;
  throw leftOut(rows);
}

function leftOut(rows: number): RenkeiError {
  return new RenkeiError('STORE_CORRUPT', `the store has not answered for each of ${rows} rows`);
}
