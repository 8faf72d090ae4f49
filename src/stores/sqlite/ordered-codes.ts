import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { inOrder, isInKeyOrder, keyOrder } from '../key-order.js';

/**
 * Cuts the packed codes `@codes` into rows inside SQL, by the numbers in `slice`: binding them one by one costs five
 * times as much.
 */
export const SLICES = `SELECT i, substr(@codes, i * ${CODE_LENGTH} + 1, ${CODE_LENGTH}) AS code FROM slice WHERE i < @rows`;

/** What {@link SLICES} is bound to. */
export interface Slices {
  /** n × 24 bytes. */
  readonly codes: Uint8Array;
  /** n. */
  readonly rows: number;
}

/** Packed codes in key order: the tables are in that order too, so that each of their pages is visited once. */
export interface OrderedCodes {
  /** The codes in key order; those that were given when they were so already. */
  readonly slices: Slices;
  /** Where the row at a place in key order was given. */
  givenAt(place: number): number;
}

/** Brings packed codes into key order. Equal codes stay in the order they were given in. */
export function orderCodes(codes: Uint8Array): OrderedCodes {
  const rows = codes.length / CODE_LENGTH;
  if (isInKeyOrder(codes)) return { slices: { codes, rows }, givenAt: (place) => place };
  const order = keyOrder(codes);
  return { slices: { codes: inOrder(codes, order), rows }, givenAt: (place) => order[place] as number };
}
