import { row } from '../bytes/packed.js';
import { CODE_LENGTH } from './per-institution-code.js';

/** One code of a packed batch, as a view. */
export function codeAt(codes: Uint8Array, index: number): Uint8Array {
  return row(codes, CODE_LENGTH, index);
}

/** Packs codes one behind the other. */
export function packCodes(codes: readonly Uint8Array[]): Uint8Array {
  const packed = new Uint8Array(codes.length * CODE_LENGTH);
  codes.forEach((code, k) => {
    packed.set(code, k * CODE_LENGTH);
  });
  return packed;
}

/** The chosen rows of packed codes; ascending, so that all of them are the batch itself. */
export function pickCodes(codes: Uint8Array, rows: readonly number[]): Uint8Array {
  if (rows.length * CODE_LENGTH === codes.length) return codes;
  return packCodes(rows.map((k) => codeAt(codes, k)));
}

/** The row numbers 0 to n − 1 that are not in a set, ascending. */
export function rowsWithout(rows: number, left: { has(index: number): boolean }): number[] {
  const kept: number[] = [];
  for (let index = 0; index < rows; index++) if (!left.has(index)) kept.push(index);
  return kept;
}
