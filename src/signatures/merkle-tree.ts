// In one call: a log hashes every entry, and the parts of a hash that is built up cost more than the hashing.
import { hash } from 'node:crypto';

const LEAF = 0;
const NODE = 1;

/**
 * Hash of a leaf (RFC 6962 section 2.1): SHA-256(0x00 || data), 32 bytes.
 *
 * @param data of a text its UTF-8 bytes: they need not be made for it
 */
export function leafHash(data: Uint8Array | string): Uint8Array {
  if (typeof data === 'string') return hash('sha256', `\0${data}`, 'buffer');
  const leaf = Buffer.allocUnsafe(1 + data.length);
  leaf[0] = LEAF;
  leaf.set(data, 1);
  return hash('sha256', leaf, 'buffer');
}

/**
 * The Merkle tree of RFC 6962 section 2.1 over leaves that come one after the other. It keeps the hashes of whole
 * subtrees only, one for each bit that is set in the number of leaves.
 */
export class MerkleTree {
  readonly #subtrees: Uint8Array[];
  #size: number;

  /**
   * @param size leaves of a tree to go on with
   * @param subtrees what {@link MerkleTree.subtrees} gave of it
   */
  constructor(size = 0, subtrees: readonly Uint8Array[] = []) {
    this.#size = size;
    this.#subtrees = [...subtrees];
  }

  /** Hashes of whole subtrees from the left, each smaller than the one before, 32 bytes each. */
  get subtrees(): readonly Uint8Array[] {
    return [...this.#subtrees];
  }

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Appends a leaf by its data. */
  append(data: Uint8Array): void {
    this.appendHash(leafHash(data));
  }

  /**
   * Appends a leaf by its hash, as {@link leafHash} gives it.
   *
   * @param completed told of each subtree of 2^level leaves that is whole now; `index` counts those of its level
   */
  appendHash(leaf: Uint8Array, completed?: (level: number, index: number, hash: Uint8Array) => void): void {
    let subtree = leaf;
    let left = this.#size;
    // Two whole subtrees of one size make one of twice the size.
    for (let level = 1; left % 2 === 1; level++) {
      left = (left - 1) / 2;
      subtree = nodeHash(this.#subtrees.pop() as Uint8Array, subtree);
      completed?.(level, left, subtree);
    }
    this.#subtrees.push(subtree);
    this.#size++;
  }

  /** Hash of the tree, 32 bytes; of one without leaves SHA-256 of nothing. More leaves may be appended after. */
  root(): Uint8Array {
    if (this.#size === 0) return hash('sha256', new Uint8Array(0), 'buffer');
    return joinedHash(this.#subtrees);
  }
}

/** Hash of an inner node (RFC 6962 section 2.1): SHA-256(0x01 || left || right), 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const node = Buffer.allocUnsafe(1 + left.length + right.length);
  node[0] = NODE;
  node.set(left, 1);
  node.set(right, 1 + left.length);
  return hash('sha256', node, 'buffer');
}

/** Hash of a tree that whole subtrees make from the left, one or more, each smaller than the one before. */
export function joinedHash(subtrees: readonly Uint8Array[]): Uint8Array {
  return subtrees.reduceRight((right, left) => nodeHash(left, right));
}
