import { expect, test } from 'vitest';
import { sortedCodes } from '../../bench/sorted-codes.js';
import { isInKeyOrder } from '../../src/stores/key-order.js';

test('the codes of the bare bulk insert are in key order, from the first batch to the last, and spread evenly', () => {
  const codes = Buffer.concat([...sortedCodes(250_000)]);
  expect(codes.length).toBe(250_000 * 24);
  expect(isInKeyOrder(codes)).toBe(true);
  expect(new Set(Array.from({ length: 250_000 }, (_, n) => codes.readUIntBE(n * 24, 6))).size).toBe(250_000);
  expect(codes[0]).toBe(0);
  expect(codes[249_999 * 24]).toBe(255);
});
