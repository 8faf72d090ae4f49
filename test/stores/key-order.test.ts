import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { inOrder, isInKeyOrder, keyOrder } from '../../src/stores/key-order.js';

const inKeyOrder = (codes: Uint8Array) => inOrder(codes, keyOrder(codes));

const rowsOf = (codes: Uint8Array) =>
  Array.from({ length: codes.length / 24 }, (_, k) =>
    Buffer.from(codes.slice(k * 24, (k + 1) * 24)).toString('hex'),
  );

test('the same rows, compared as bytes, and the input untouched', () => {
  const codes = Uint8Array.from(randomBytes(24 * 1_000));
  const before = rowsOf(codes);
  const sorted = rowsOf(inKeyOrder(codes));
  expect(sorted).toEqual([...before].sort());
  expect(rowsOf(codes)).toEqual(before);
});

test('the largest batch of the highest codes, as a view that begins anywhere', () => {
  const codes = new Uint8Array(24 * 100_000 + 1).subarray(1).fill(255);
  expect(Buffer.compare(inKeyOrder(codes), codes)).toBe(0);
});

test('equal rows stay as many as they were', () => {
  const twice = Uint8Array.from([
    ...new Array(24).fill(7),
    ...new Array(24).fill(3),
    ...new Array(24).fill(7),
  ]);
  expect(rowsOf(inKeyOrder(twice))).toEqual(['03'.repeat(24), '07'.repeat(24), '07'.repeat(24)]);
});

test('rows that differ in one byte, the first or the last, are in order one way only; equal ones are', () => {
  const low = new Uint8Array(24).fill(200);
  for (const place of [0, 3, 4, 23]) {
    const high = low.with(place, 201);
    expect(isInKeyOrder(Uint8Array.from([...low, ...low, ...high]))).toBe(true);
    expect(isInKeyOrder(Uint8Array.from([...low, ...high, ...low]))).toBe(false);
  }
  expect(isInKeyOrder(new Uint8Array(0))).toBe(true);
});
