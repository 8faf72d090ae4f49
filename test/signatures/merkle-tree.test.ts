import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { leafHash, MerkleTree } from '../../src/signatures/merkle-tree.js';
import { CT_LEAVES } from '../support/ct-leaves.js';

/** Roots of the tests of certificate-transparency, of no leaf, one leaf and so on. */
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Section 2.1 of RFC 6962, word for word. */
function rootByDefinition(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length < 2) return leaves[0] === undefined ? new MerkleTree().root() : leafHash(leaves[0]);
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  const parts = [leaves.slice(0, k), leaves.slice(k)].map(rootByDefinition);
  const tree = new MerkleTree();
  for (const part of parts) tree.appendHash(part);
  return tree.root();
}

describe('the Merkle tree of RFC 6962', () => {
  test('has the roots of the known vectors, after every leaf', () => {
    const tree = new MerkleTree();
    const roots = [hex(tree.root())];
    for (const leaf of CT_LEAVES) {
      tree.append(leaf);
      roots.push(hex(tree.root()));
    }
    expect(roots).toEqual(ROOTS);
    expect(tree.size).toBe(8);
  });

  test('has the root of the definition for every number of leaves to 130', () => {
    const leaves = Array.from({ length: 130 }, (_, k) => Uint8Array.of(k));
    const tree = new MerkleTree();
    leaves.forEach((leaf, k) => {
      tree.append(leaf);
      expect(hex(tree.root())).toBe(hex(rootByDefinition(leaves.slice(0, k + 1))));
    });
  });

  test('a text is a leaf as its UTF-8 bytes are', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(text, (leaf) => {
        expect(hex(leafHash(leaf))).toBe(hex(leafHash(Buffer.from(leaf))));
      }),
    );
  });
});
