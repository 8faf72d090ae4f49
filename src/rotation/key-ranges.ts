import { CODE_LENGTH } from '../codes/per-institution-code.js';

const HEADS = 2 ** 32;

/** A range of codes by their first four bytes, read as a number. */
export interface KeyRange {
  /** The first that belongs to it. */
  readonly from: number;
  /** The first that does not any more, at most 2^32. */
  readonly to: number;
}

/** Range k of n that divide all codes evenly: codes look random, so that each holds about as many rows. */
export function keyRange(k: number, n: number): KeyRange {
  return { from: Math.floor((k * HEADS) / n), to: Math.floor(((k + 1) * HEADS) / n) };
}

/** The greatest code before a range, to read on from; undefined where that is the start of all. */
export function lastBefore({ from }: KeyRange): Uint8Array | undefined {
  if (from === 0) return undefined;
  const code = new Uint8Array(CODE_LENGTH).fill(0xff);
  new DataView(code.buffer).setUint32(0, from - 1);
  return code;
}

/**
 * How many of sorted rows have a head below a bound.
 *
 * @param rows n × width bytes, each row beginning with a code
 */
export function rowsBelow(rows: Uint8Array, width: number, bound: number): number {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  let low = 0;
  let high = rows.length / width;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (view.getUint32(middle * width) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
