import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { inOrder, keyOrder } from '../key-order.js';

/** Packed codes put in key order, each once, with the rows they came from. */
export class DistinctCodes {
  /** Packed, ascending. */
  readonly codes: Uint8Array;
  /** By row of the given codes, its place in `codes`. */
  readonly places: Uint32Array;
  /** By place, the first row that has the code. */
  readonly firstRows: Uint32Array;

  constructor(given: Uint8Array) {
    const order = keyOrder(given);
    const sorted = inOrder(given, order);
    this.places = new Uint32Array(order.length);
    const firstRows = new Uint32Array(order.length);
    let place = -1;
    for (let k = 0; k < order.length; k++) {
      const row = order[k] as number;
      if (k === 0 || !equalsRowBefore(sorted, k)) {
        place++;
        firstRows[place] = row;
        if (place < k) sorted.copyWithin(place * CODE_LENGTH, k * CODE_LENGTH, (k + 1) * CODE_LENGTH);
      }
      this.places[row] = place;
    }
    this.codes = sorted.subarray(0, (place + 1) * CODE_LENGTH);
    this.firstRows = firstRows.subarray(0, place + 1);
  }

  /** Number of different codes. */
  get size(): number {
    return this.firstRows.length;
  }
}

/** The row before may have been moved forward, but its place still holds it or an equal one. */
function equalsRowBefore(sorted: Uint8Array, k: number): boolean {
  const start = k * CODE_LENGTH;
  for (let i = start; i < start + CODE_LENGTH; i++) if (sorted[i] !== sorted[i - CODE_LENGTH]) return false;
  return true;
}
