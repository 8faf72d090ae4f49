import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { RenkeiError } from '../errors/renkei-error.js';

/** Bits of a row number that fit one exact double together with four bytes of a code. */
const ROW_BITS = 21;
const ROW_NUMBERS = 2 ** ROW_BITS;

/**
 * The row numbers of packed codes in the order of the codes, compared as bytes; equal codes stay in the order they
 * came in. Rows written in this order fill one page of a table after the other, and two writers who keep to it never
 * wait for each other in a circle.
 *
 * @throws RenkeiError `BATCH_TOO_LARGE` above 2,097,152 rows
 */
export function keyOrder(codes: Uint8Array): Uint32Array {
  const rows = codes.length / CODE_LENGTH;
  if (rows > ROW_NUMBERS)
    throw new RenkeiError('BATCH_TOO_LARGE', `${rows} rows are too many to sort at once`);
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  const heads = new Float64Array(rows);
  for (let k = 0; k < rows; k++) heads[k] = view.getUint32(k * CODE_LENGTH) * ROW_NUMBERS + k;
  // Numbers sort many times faster than rows do. Codes alike in four bytes are put right after that.
  heads.sort();
  const order = new Uint32Array(rows);
  for (let k = 0; k < rows; k++) {
    const current = (heads[k] as number) % ROW_NUMBERS;
    let place = k;
    for (; place > 0 && compareCodes(view, order[place - 1] as number, view, current) > 0; place--) {
      order[place] = order[place - 1] as number;
    }
    order[place] = current;
  }
  return order;
}

/** True when packed codes are in their order already: a bulk load's are. */
export function isInKeyOrder(codes: Uint8Array): boolean {
  const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
  for (let k = 1; k < codes.length / CODE_LENGTH; k++)
    if (compareCodes(view, k - 1, view, k) > 0) return false;
  return true;
}

/** The rows of packed codes in another order: a copy. */
export function inOrder(codes: Uint8Array, order: Uint32Array): Uint8Array {
  const ordered = new Uint8Array(order.length * CODE_LENGTH);
  let to = 0;
  for (const k of order) {
    let from = k * CODE_LENGTH;
    for (const end = to + CODE_LENGTH; to < end; ) ordered[to++] = codes[from++] as number;
  }
  return ordered;
}

/** Compares two rows of packed codes as bytes: below 0, 0 or above 0. */
export function compareCodes(left: DataView, leftRow: number, right: DataView, rightRow: number): number {
  for (let offset = 0; offset < CODE_LENGTH; offset += 4) {
    const difference =
      left.getUint32(leftRow * CODE_LENGTH + offset) - right.getUint32(rightRow * CODE_LENGTH + offset);
    if (difference !== 0) return difference;
  }
  return 0;
}
