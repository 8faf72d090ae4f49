import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { expect } from 'vitest';
import { abortFlag, layOut } from '../../../src/vault/pkcs11/protocol.js';

test.prop([fc.integer({ min: 1, max: 2_000 }), fc.constantFrom(11, 24), fc.nat({ max: 8 })], {
  seed: 16,
  numRuns: 100,
})(
  'flag, rows and codes lie one behind the other, without overlap, and codes at whole words',
  (rows, width, outputs) => {
    const place = layOut(rows, width, 24, outputs);
    const ends: [number, number][] = [[place.input, place.input + rows * width]];
    for (let k = 0; k < outputs; k++) ends.push([place.output(k), place.output(k) + rows * 24]);
    let last = 4;
    for (const [begin, end] of ends) {
      expect(begin).toBeGreaterThanOrEqual(last);
      last = end;
    }
    expect(place.totalBytes).toBeGreaterThanOrEqual(last);
    for (let k = 0; k < outputs; k++) expect(place.output(k) % 4).toBe(0);
    const shared = new SharedArrayBuffer(place.totalBytes);
    Atomics.store(abortFlag(shared), 0, 1);
    expect(new Uint8Array(shared, place.input).every((byte) => byte === 0)).toBe(true);
  },
);
