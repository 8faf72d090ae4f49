import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { compareCodes } from '../../stores/key-order.js';

/** Packed codes in key order, asked for one after the other in the same order. */
export class SortedCodes {
  readonly #view: DataView;
  readonly #rows: number;
  #row = 0;

  constructor(codes: Uint8Array) {
    this.#view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
    this.#rows = codes.length / CODE_LENGTH;
  }

  /** The row of a code; `undefined` when it is not there. What is smaller is passed over for good. */
  find(codes: DataView, row: number): number | undefined {
    for (; this.#row < this.#rows; this.#row++) {
      const order = compareCodes(this.#view, this.#row, codes, row);
      if (order >= 0) return order === 0 ? this.#row : undefined;
    }
    return undefined;
  }

  /** True when everything was passed over: what was asked for may come later. */
  get isPassed(): boolean {
    return this.#row >= this.#rows;
  }
}
