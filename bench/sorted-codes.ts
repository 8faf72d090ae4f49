import { randomFillSync } from 'node:crypto';
import { CODE_LENGTH } from '../src/codes/per-institution-code.js';

/** Rows a batch: the most a store takes. */
const BATCH = 100_000;
/** Bytes of a code that say its place, 48 bits; the others are random. */
const PLACE_LENGTH = 6;

/** Random codes in key order, as evenly spread as real ones are, in batches. */
export function* sortedCodes(rows: number): Generator<Uint8Array> {
  const step = Math.floor(2 ** (PLACE_LENGTH * 8) / rows);
  for (let first = 0; first < rows; first += BATCH) {
    const size = Math.min(BATCH, rows - first);
    const codes = Buffer.alloc(size * CODE_LENGTH);
    randomFillSync(codes);
    for (let n = 0; n < size; n++) codes.writeUIntBE((first + n) * step, n * CODE_LENGTH, PLACE_LENGTH);
    yield codes;
  }
}
