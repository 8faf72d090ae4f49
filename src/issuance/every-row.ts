import { RenkeiError } from '../errors/renkei-error.js';

/**
 * Makes sure that a store has answered for every row it was asked about. A row that is left out would count as "just
 * inserted" or as "held", and all behind it would get somebody else's answer.
 *
 * @throws RenkeiError `STORE_CORRUPT`
 */
export function everyRow(answer: Uint8Array, rows: number): Uint8Array {
  if (answer instanceof Uint8Array && answer.length === rows) return answer;
  throw new RenkeiError('STORE_CORRUPT', `the store has not answered for each of ${rows} rows`);
}
