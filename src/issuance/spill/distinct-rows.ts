import { compareCodes, inOrder, keyOrder } from '../../stores/key-order.js';

/** Codes in key order, each once. */
export interface DistinctRows {
  /** The distinct codes, packed, in key order. */
  readonly codes: Uint8Array;
  /** By distinct code: the first row that has it. */
  readonly firstRows: Uint32Array;
  /** By row: the number of its code among the distinct ones. */
  readonly numbers: Uint32Array;
}

/** Sorts packed codes and finds the repeated ones. */
export function distinctRows(codes: Uint8Array): DistinctRows {
  const order = keyOrder(codes);
  const numbers = new Uint32Array(order.length);
  const firstRows = new Uint32Array(order.length);
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  let distinct = 0;
  order.forEach((row, k) => {
    if (k === 0 || compareCodes(view, firstRows[distinct - 1] as number, view, row) !== 0)
      firstRows[distinct++] = row;
    numbers[row] = distinct - 1;
  });
  const kept = firstRows.subarray(0, distinct);
  return { codes: inOrder(codes, kept), firstRows: kept, numbers };
}
