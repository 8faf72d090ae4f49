import { describe, expect, it } from 'vitest';
import { codeAt, packCodes, pickCodes, rowsWithout } from '../../src/codes/packed-codes.js';

const code = (value: number) => new Uint8Array(24).fill(value);

describe('packed codes', () => {
  it('are packed one behind the other and read by row', () => {
    const packed = packCodes([code(1), code(2), code(3)]);
    expect(packed).toHaveLength(72);
    expect([0, 1, 2].map((k) => codeAt(packed, k))).toEqual([code(1), code(2), code(3)]);
    expect(packCodes([])).toHaveLength(0);
  });

  it('give the chosen rows', () => {
    const packed = packCodes([code(1), code(2), code(3)]);
    expect(pickCodes(packed, [0, 2])).toEqual(packCodes([code(1), code(3)]));
    expect(pickCodes(packed, [])).toHaveLength(0);
    expect(pickCodes(packed, [0, 1, 2])).toEqual(packed);
  });

  it('name the rows that are left', () => {
    expect(rowsWithout(4, new Set([1, 3]))).toEqual([0, 2]);
    expect(rowsWithout(2, new Map([[0, 'CODE_FORGED']]))).toEqual([1]);
    expect(rowsWithout(0, new Set())).toEqual([]);
  });
});
