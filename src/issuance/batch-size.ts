import { RenkeiError } from '../errors/renkei-error.js';
import { MAX_BATCH_ROWS } from '../stores/port.js';

/**
 * Makes sure that a batch fits one transaction.
 *
 * @param what what the batch holds, in the plural
 * @throws RenkeiError `BATCH_TOO_LARGE`
 */
export function checkBatchSize(rows: number, what: string): void {
  if (rows <= MAX_BATCH_ROWS) return;
  throw new RenkeiError('BATCH_TOO_LARGE', `a batch has at most ${MAX_BATCH_ROWS} ${what}, this one ${rows}`);
}
