import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchKeyWrap } from '../../src/scheme/batch-key-wrap.js';
import { nodeBlockCipher } from '../support/block-cipher.js';
import { keyWrap } from '../support/reference-rk1.js';
import { seededBytes } from '../support/seeded-bytes.js';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const words = (bytes: Uint8Array) => new Uint32Array(bytes.slice().buffer);
const bytesOf = (array: Uint32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const rows = (bytes: Uint8Array, width: number) =>
  Array.from({ length: bytes.length / width }, (_, k) => bytes.subarray(k * width, (k + 1) * width));

function wrapAll(
  key: Uint8Array,
  values: Uint8Array,
  wrap = new BatchKeyWrap(values.length / 16),
): Uint8Array {
  const codes = new Uint32Array((values.length / 16) * 6);
  wrap.wrap(nodeBlockCipher('encrypt', key), words(values), codes);
  return bytesOf(codes);
}

function unwrapAll(key: Uint8Array, codes: Uint8Array, wrap = new BatchKeyWrap(codes.length / 24)) {
  const values = new Uint32Array((codes.length / 24) * 4).fill(0xffffffff);
  const forged: number[] = [];
  wrap.unwrap(nodeBlockCipher('decrypt', key), words(codes), values, (index) => forged.push(index));
  return { values: bytesOf(values), forged };
}

describe('the vectors of RFC 3394 section 4 that wrap 128 bits', () => {
  it.each([
    ['4.1: 128-bit key', 16, '1FA68B0A8112B447 AEF34BD8FB5A7B82 9D3E862371D2CFE5'],
    ['4.2: 192-bit key', 24, '96778B25AE6CA435 F92B5B97C050AED2 468AB8A17AD84E5D'],
    ['4.3: 256-bit key', 32, '64E8C3F9CE0F5BA2 63E9777905818A2A 93C8191E7D6E8AE7'],
  ])('%s', (_, keyLength, ciphertext) => {
    const key = Uint8Array.from({ length: keyLength }, (_value, k) => k);
    const data = hex('00112233445566778899AABBCCDDEEFF');
    expect(wrapAll(key, data)).toEqual(hex(ciphertext));
    expect(unwrapAll(key, hex(ciphertext))).toEqual({ values: data, forged: [] });
    // Every row of a batch is wrapped as if it were alone.
    const many = new Uint8Array(Array.from({ length: 5 }, () => [...data]).flat());
    expect(rows(wrapAll(key, many), 24)).toEqual(Array.from({ length: 5 }, () => hex(ciphertext)));
  });
});

describe('agrees with id-aes256-wrap of node:crypto', () => {
  const key = seededBytes('wrapping key', 32);

  it.each([1, 2, 3, 255, 256])('for %i items in buffers for 256', (count) => {
    const wrap = new BatchKeyWrap(256);
    const values = seededBytes(`values ${count}`, 16 * count);
    const codes = wrapAll(key, values, wrap);
    expect(rows(codes, 24)).toEqual(rows(values, 16).map((value) => new Uint8Array(keyWrap(key, value))));
    expect(unwrapAll(key, codes, wrap)).toEqual({ values, forged: [] });
  });

  test.prop(
    [
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), { minLength: 1, maxLength: 12 }),
    ],
    { seed: 3394, numRuns: 300 },
  )('for random keys and random batches', (anyKey, items) => {
    const values = new Uint8Array(items.flatMap((item) => [...item]));
    const codes = wrapAll(anyKey, values);
    expect(rows(codes, 24)).toEqual(items.map((item) => new Uint8Array(keyWrap(anyKey, item))));
    expect(unwrapAll(anyKey, codes)).toEqual({ values, forged: [] });
  });

  it('one after the other through the same buffers, larger batches and smaller ones', () => {
    const wrap = new BatchKeyWrap(64);
    for (const count of [64, 1, 63, 2, 64]) {
      const values = seededBytes(`again ${count}`, 16 * count);
      const codes = wrapAll(key, values, wrap);
      expect(rows(codes, 24)).toEqual(rows(values, 16).map((value) => new Uint8Array(keyWrap(key, value))));
      expect(unwrapAll(key, codes, wrap)).toEqual({ values, forged: [] });
    }
  });

  it('does nothing with no items', () => {
    const wrap = new BatchKeyWrap(1);
    wrap.wrap(nodeBlockCipher('encrypt', key), new Uint32Array(0), new Uint32Array(0));
    expect(unwrapAll(key, new Uint8Array(0), wrap)).toEqual({ values: new Uint8Array(0), forged: [] });
  });
});

describe('a forged item', () => {
  const key = seededBytes('wrapping key', 32);
  const values = seededBytes('values', 16 * 8);
  const codes = wrapAll(key, values);

  it('is named wherever one of its 192 bits is flipped, its value is blank, and the others are served', () => {
    for (let bit = 0; bit < 192; bit++) {
      const at = bit % 8;
      const flipped = codes.slice();
      flipped[24 * at + (bit >> 3)] = (flipped[24 * at + (bit >> 3)] as number) ^ (1 << (bit & 7));
      const expected = values.slice();
      expected.fill(0, 16 * at, 16 * (at + 1));
      expect(unwrapAll(key, flipped)).toEqual({ values: expected, forged: [at] });
    }
  });

  it('is every item under another key', () => {
    const other = seededBytes('another key', 32);
    expect(unwrapAll(other, codes)).toEqual({
      values: new Uint8Array(values.length),
      forged: [0, 1, 2, 3, 4, 5, 6, 7],
    });
  });

  it('is one whose register is right in one half only', () => {
    // Built backwards: the wrapped form of a value under an initial value that is wrong in its last bit.
    const decrypt = nodeBlockCipher('decrypt', key);
    const encrypt = nodeBlockCipher('encrypt', key);
    for (const wrong of ['a6a6a6a6a6a6a6a7', '26a6a6a6a6a6a6a6', 'a6a6a6a7a6a6a6a6']) {
      const a = Buffer.from(wrong, 'hex');
      const halves = [Buffer.alloc(8, 1), Buffer.alloc(8, 2)] as const;
      for (let t = 1; t <= 12; t++) {
        const half = halves[(t - 1) % 2] as Buffer;
        const block = Buffer.concat([a, half]);
        encrypt(block);
        block.copy(a, 0, 0, 8);
        a[7] = (a[7] as number) ^ t;
        block.copy(half, 0, 8, 16);
      }
      const code = new Uint8Array(Buffer.concat([a, ...halves]));
      const found: number[] = [];
      new BatchKeyWrap(1).unwrap(decrypt, words(code), new Uint32Array(4), (index) => found.push(index));
      expect(found, wrong).toEqual([0]);
    }
  });
});

describe('the buffers', () => {
  it('hold nothing after wipe()', () => {
    const seen: Uint8Array[] = [];
    const wrap = new BatchKeyWrap(4);
    const key = seededBytes('wrapping key', 32);
    const encrypt = nodeBlockCipher('encrypt', key);
    // The transform is handed the buffers themselves, so it sees what is left in them.
    wrap.wrap(
      (blocks) => {
        seen.push(blocks);
        encrypt(blocks);
      },
      words(seededBytes('values', 64)),
      new Uint32Array(24),
    );
    expect(seen.some((blocks) => blocks.some((byte) => byte !== 0))).toBe(true);
    wrap.wipe();
    expect(seen.every((blocks) => blocks.every((byte) => byte === 0))).toBe(true);
  });
});
