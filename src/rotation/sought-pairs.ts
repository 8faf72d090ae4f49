import { codeAt } from '../codes/packed-codes.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { type CodePairs, PAIR_LENGTH } from './part-file.js';

/** Looks for pairs among all that pass, which come in the order of their old codes. */
export class SoughtPairs {
  readonly #sought: readonly Uint8Array[];
  #next = 0;
  #found = 0;

  constructor({ oldCodes, newCodes }: CodePairs) {
    this.#sought = Array.from({ length: oldCodes.length / CODE_LENGTH }, (_, row) =>
      Buffer.concat([codeAt(oldCodes, row), codeAt(newCodes, row)]),
    ).sort(Buffer.compare);
  }

  /** Pairs that are looked for. */
  get size(): number {
    return this.#sought.length;
  }

  /** Those of them that passed. */
  get found(): number {
    return this.#found;
  }

  /** Lets batches of n × 48 bytes pass. */
  async *watch(batches: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const batch of batches) {
      this.#look(batch);
      yield batch;
    }
  }

  #look(batch: Uint8Array): void {
    const last = batch.subarray(-PAIR_LENGTH);
    for (let pair = this.#sought[this.#next]; pair !== undefined; pair = this.#sought[++this.#next]) {
      if (Buffer.compare(pair, last) > 0) return;
      if (isIn(batch, pair)) this.#found++;
    }
  }
}

/** Whether sorted pairs hold one. */
function isIn(batch: Uint8Array, pair: Uint8Array): boolean {
  let low = 0;
  let high = batch.length / PAIR_LENGTH;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = Buffer.compare(batch.subarray(middle * PAIR_LENGTH, (middle + 1) * PAIR_LENGTH), pair);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}
