import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { MAX_BATCH_ROWS } from '../port.js';

/** A power of two above every row number: first four bytes and row number fit one exact double together. */
const ROW_NUMBERS = 2 ** Math.ceil(Math.log2(MAX_BATCH_ROWS));

/**
 * A copy of packed codes in the order of their first four bytes, which is the key order but for a few neighbours.
 * Rows written in that order fill one page of the table after the other; sorting them here costs a tenth of an
 * `ORDER BY` over slices.
 */
export function inKeyOrder(codes: Uint8Array): Uint8Array {
  const rows = codes.length / CODE_LENGTH;
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  const order = new Float64Array(rows);
  for (let k = 0; k < rows; k++) order[k] = view.getUint32(k * CODE_LENGTH) * ROW_NUMBERS + k;
  order.sort();
  const sorted = new Uint8Array(codes.length);
  for (let k = 0, to = 0; k < rows; k++) {
    let from = ((order[k] as number) % ROW_NUMBERS) * CODE_LENGTH;
    for (const end = to + CODE_LENGTH; to < end; ) sorted[to++] = codes[from++] as number;
  }
  return sorted;
}
