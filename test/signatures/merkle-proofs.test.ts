import { createHash } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  consistencyRanges,
  inclusionRanges,
  isConsistent,
  isIncluded,
  nodesOf,
} from '../../src/signatures/merkle-proofs.js';
import { joinedHash } from '../../src/signatures/merkle-tree.js';
import { CT_LEAVES } from '../support/ct-leaves.js';

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Proofs of the tests of certificate-transparency; leaves count from 1. */
const PATHS: readonly [leaf: number, size: number, path: readonly string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [3, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
];
const CONSISTENCY: readonly [first: number, second: number, path: readonly string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

// Section 2.1 of RFC 6962, word for word: MTH, PATH, PROOF and SUBPROOF over lists of leaf data.
type Data = readonly Uint8Array[];

function largestPowerBelow(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

function mth(d: Data): Uint8Array {
  if (d.length === 0) return sha256();
  if (d.length === 1) return sha256(Uint8Array.of(0), d[0] as Uint8Array);
  const k = largestPowerBelow(d.length);
  return sha256(Uint8Array.of(1), mth(d.slice(0, k)), mth(d.slice(k)));
}

function path(m: number, d: Data): Uint8Array[] {
  if (d.length === 1) return [];
  const k = largestPowerBelow(d.length);
  return m < k
    ? [...path(m, d.slice(0, k)), mth(d.slice(k))]
    : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
}

function subproof(m: number, d: Data, isWhole: boolean): Uint8Array[] {
  if (m === d.length) return isWhole ? [] : [mth(d)];
  const k = largestPowerBelow(d.length);
  return m <= k
    ? [...subproof(m, d.slice(0, k), isWhole), mth(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

/** The hashes of ranges, from whole subtrees as a log keeps them. */
const hashesOf = (ranges: readonly { from: number; to: number }[], d: Data) =>
  ranges.map((range) =>
    joinedHash(
      nodesOf(range).map(({ level, index }) => mth(d.slice(index * 2 ** level, (index + 1) * 2 ** level))),
    ),
  );
const numbered = (count: number): Data => Array.from({ length: count }, (_, k) => Buffer.from(`leaf ${k}`));

const sizes = fc.integer({ min: 1, max: 300 });

describe('inclusion proofs (RFC 9162 section 2.1.3)', () => {
  test.each(PATHS)('of leaf %i of %i are those of the known vectors', (leaf, size, expected) => {
    const d = CT_LEAVES.slice(0, size);
    expect(hashesOf(inclusionRanges(leaf - 1, size), d).map(hex)).toEqual(expected);
    const proof = expected.map((hash) => Buffer.from(hash, 'hex'));
    expect(isIncluded(mth([d[leaf - 1] as Uint8Array]), leaf - 1, size, proof, mth(d))).toBe(true);
  });

  property.prop([sizes, fc.nat()])('are those of the definition, and verify', (size, drawn) => {
    const index = drawn % size;
    const d = numbered(size);
    const proof = hashesOf(inclusionRanges(index, size), d);
    expect(proof.map(hex)).toEqual(path(index, d).map(hex));
    expect(isIncluded(mth([d[index] as Uint8Array]), index, size, proof, mth(d))).toBe(true);
  });

  property.prop([sizes, fc.nat(), fc.nat(), fc.nat()])(
    'show nothing else: not another place, size, leaf, root or hash, nor with one more or fewer',
    (size, drawn, where, bit) => {
      const index = drawn % size;
      const d = numbered(size);
      const proof = path(index, d);
      const leaf = mth([d[index] as Uint8Array]);
      const root = mth(d);
      const spoilt = (bytes: Uint8Array) => {
        const other = Buffer.from(bytes);
        other[bit % 32] = (other[bit % 32] as number) ^ 1;
        return other;
      };
      expect(isIncluded(spoilt(leaf), index, size, proof, root)).toBe(false);
      expect(isIncluded(leaf, index, size, proof, spoilt(root))).toBe(false);
      expect(isIncluded(leaf, index, size, [...proof, root], root)).toBe(false);
      expect(isIncluded(leaf, size, size, proof, root)).toBe(false);
      expect(isIncluded(leaf, -1, size, proof, root)).toBe(false);
      if (proof.length === 0) return;
      const k = where % proof.length;
      expect(isIncluded(leaf, index, size, proof.with(k, spoilt(proof[k] as Uint8Array)), root)).toBe(false);
      expect(isIncluded(leaf, index, size, proof.toSpliced(k, 1), root)).toBe(false);
      const other = (index + 1 + (where % (size - 1))) % size;
      expect(isIncluded(leaf, other, size, proof, root)).toBe(false);
    },
  );
});

describe('consistency proofs (RFC 9162 section 2.1.4)', () => {
  test.each(CONSISTENCY)('from %i to %i are those of the known vectors', (first, second, expected) => {
    const d = CT_LEAVES.slice(0, second);
    expect(hashesOf(consistencyRanges(first, second), d).map(hex)).toEqual(expected);
    const proof = expected.map((hash) => Buffer.from(hash, 'hex'));
    expect(isConsistent(first, mth(d.slice(0, first)), second, mth(d), proof)).toBe(true);
  });

  property.prop([sizes, fc.nat()])('are those of the definition, and verify', (second, drawn) => {
    const first = (drawn % second) + 1;
    const d = numbered(second);
    const proof = hashesOf(consistencyRanges(first, second), d);
    expect(proof.map(hex)).toEqual(subproof(first, d, true).map(hex));
    expect(isConsistent(first, mth(d.slice(0, first)), second, mth(d), proof)).toBe(true);
  });

  property.prop([fc.integer({ min: 2, max: 300 }), fc.nat(), fc.nat()])(
    'are none for a log of which any entry was changed, nor with another hash',
    (second, drawn, changed) => {
      const first = (drawn % (second - 1)) + 1;
      const d = numbered(second);
      const forked = (d as Uint8Array[]).with(changed % first, Buffer.from('changed'));
      const root = mth(d);
      for (const proof of [subproof(first, d, true), subproof(first, forked, true)]) {
        expect(isConsistent(first, mth(forked.slice(0, first)), second, root, proof)).toBe(false);
        expect(isConsistent(first, mth(d.slice(0, first)), second, mth(forked), proof)).toBe(false);
      }
      const proof = subproof(first, d, true);
      expect(isConsistent(first, mth(d.slice(0, first)), second, root, [...proof, root])).toBe(false);
      expect(isConsistent(first, mth(d.slice(0, first)), second, root, proof.slice(1))).toBe(false);
      expect(isConsistent(second, root, first, mth(d.slice(0, first)), proof)).toBe(false);
    },
  );

  test('from no entries, or to the same size, need no hash and take none', () => {
    const d = numbered(5);
    expect(isConsistent(0, mth([]), 5, mth(d), [])).toBe(true);
    expect(isConsistent(0, mth([]), 5, mth(d), [mth(d)])).toBe(false);
    expect(isConsistent(5, mth(d), 5, mth(d), [])).toBe(true);
    expect(isConsistent(5, mth(d), 5, mth(d), [mth(d)])).toBe(false);
    expect(isConsistent(5, mth(d), 5, mth(numbered(4)), [])).toBe(false);
  });
});
