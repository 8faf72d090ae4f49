import { nodeHash } from './merkle-tree.js';

/** Leaves `from` to `to` − 1 of a tree, whose hash is one of a proof. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** A whole subtree: the `index`-th of 2^`level` leaves. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** The largest power of two below n, for n ≥ 2. */
function splitOf(leaves: number): number {
  let k = 1;
  while (2 * k < leaves) k *= 2;
  return k;
}

/**
 * What the inclusion proof of a leaf consists of, in its order (RFC 9162 section 2.1.3.1).
 *
 * @param index of the leaf, below `size`
 */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      ranges.unshift({ from: middle, to });
      to = middle;
    } else {
      ranges.unshift({ from, to: middle });
      from = middle;
    }
  }
  return ranges;
}

/**
 * What the consistency proof between two sizes consists of, in its order (RFC 9162 section 2.1.4.1).
 *
 * @param first 1 to `second`; from no leaf, and from a size to itself, there is nothing to prove
 */
export function consistencyRanges(first: number, second: number): LeafRange[] {
  if (first === 0 || first === second) return [];
  const ranges: LeafRange[] = [];
  let [from, to] = [0, second];
  while (first !== to) {
    const middle = from + splitOf(to - from);
    if (first <= middle) {
      ranges.unshift({ from: middle, to });
      to = middle;
    } else {
      ranges.unshift({ from, to: middle });
      from = middle;
    }
  }
  // The verifier knows the hash of a subtree that is the whole first tree.
  return from === 0 ? ranges : [{ from, to }, ...ranges];
}

/** The whole subtrees that make a range of a proof, the largest first. */
export function nodesOf({ from, to }: LeafRange): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let start = from; start < to; ) {
    let level = 0;
    // Every start here is a multiple of each size that fits.
    while (start + 2 ** (level + 1) <= to) level++;
    nodes.push({ level, index: start / 2 ** level });
    start += 2 ** level;
  }
  return nodes;
}

/**
 * True when a proof shows that a leaf is in a tree (RFC 9162 section 2.1.3.2).
 *
 * @param leaf its leaf hash
 * @param root of the tree of `size` leaves
 */
export function isIncluded(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!areSizes(index, size) || index === size) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSame(hash, root);
}

/**
 * True when a proof shows that a tree begins with all of another (RFC 9162 section 2.1.4.2).
 *
 * @param firstRoot of the tree of `first` leaves
 * @param secondRoot of the tree of `second` leaves
 */
export function isConsistent(
  first: number,
  firstRoot: Uint8Array,
  second: number,
  secondRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!areSizes(first, second)) return false;
  if (first === second) return proof.length === 0 && isSame(firstRoot, secondRoot);
  if (first === 0) return proof.length === 0;
  const hashes = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof;
  const [start, ...rest] = hashes;
  if (start === undefined) return false;
  let [node, last] = [first - 1, second - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  let [firstHash, secondHash] = [start, start];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      firstHash = nodeHash(sibling, firstHash);
      secondHash = nodeHash(sibling, secondHash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      secondHash = nodeHash(secondHash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSame(firstHash, firstRoot) && isSame(secondHash, secondRoot);
}

function areSizes(first: number, second: number): boolean {
  return Number.isSafeInteger(first) && Number.isSafeInteger(second) && first >= 0 && first <= second;
}

// Sizes are beyond what bitwise operators take.
const isOdd = (n: number) => n % 2 === 1;
const half = (n: number) => Math.floor(n / 2);
const isPowerOfTwo = (n: number) => 2 ** Math.round(Math.log2(n)) === n;
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
