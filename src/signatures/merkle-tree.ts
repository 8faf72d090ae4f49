import { createHash } from 'node:crypto';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Hash of a leaf (RFC 6962 section 2.1): SHA-256(0x00 || data), 32 bytes. */
export function leafHash(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(LEAF).update(data).digest();
}

/**
 * The Merkle tree of RFC 6962 section 2.1 over leaves that come one after the other. It keeps the hashes of whole
 * subtrees only, one for each bit that is set in the number of leaves.
 */
export class MerkleTree {
  /** Whole subtrees from the left, each smaller than the one before. */
  readonly #subtrees: Uint8Array[] = [];
  #size = 0;

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Appends a leaf by its data. */
  append(data: Uint8Array): void {
    this.appendHash(leafHash(data));
  }

  /** Appends a leaf by its hash, as {@link leafHash} gives it. */
  appendHash(hash: Uint8Array): void {
    let subtree = hash;
    // Two whole subtrees of one size make one of twice the size.
    for (let left = this.#size; left % 2 === 1; left = (left - 1) / 2) {
      subtree = nodeHash(this.#subtrees.pop() as Uint8Array, subtree);
    }
    this.#subtrees.push(subtree);
    this.#size++;
  }

  /** Hash of the tree, 32 bytes; of one without leaves SHA-256 of nothing. More leaves may be appended after. */
  root(): Uint8Array {
    if (this.#size === 0) return createHash('sha256').digest();
    return this.#subtrees.reduceRight((right, left) => nodeHash(left, right));
  }
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}
