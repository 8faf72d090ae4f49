import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { allocateOffHeap } from '../bytes/allocate.js';
import { rowCount } from '../bytes/packed.js';
import { wipe } from '../bytes/wipe.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { leafHash, MerkleTree } from '../signatures/merkle-tree.js';
import { append, onDisk, readAt } from './faults.js';
import { BLOCK_LENGTH, BLOCK_PAIRS, firstOutOfOrder, lastOldCode, PAIR_LENGTH } from './layout.js';

/** Bytes copied at a time. */
const COPY_LENGTH = 1 << 20;

/** The pairs of a delivery on their way to a temporary file, hashed block by block. */
export class PairsFile {
  readonly #file: FileHandle;
  readonly #block = Buffer.from(allocateOffHeap(BLOCK_LENGTH).buffer);
  readonly #tree = new MerkleTree();
  readonly #hashes: Uint8Array[] = [];
  #filled = 0;
  #last: Uint8Array | undefined;
  #pairs = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Number of pairs in whole blocks; after {@link end} of all. */
  get pairs(): number {
    return this.#pairs;
  }

  /** The table, its SHA-256 and the root of the tree over the blocks. */
  summary() {
    const table = Buffer.concat(this.#hashes);
    return {
      table,
      tableDigest: createHash('sha256').update(table).digest('hex'),
      merkleRoot: Buffer.from(this.#tree.root()).toString('hex'),
    };
  }

  /**
   * Takes pairs that follow those before.
   *
   * @param packed n × 48 bytes
   * @throws RenkeiError `BUFFER_LENGTH`; `DELIVERY_INVALID` naming the pair, when old codes do not ascend
   */
  async add(packed: Uint8Array): Promise<void> {
    rowCount(packed, PAIR_LENGTH, 'pairs');
    for (let taken = 0; taken < packed.length; ) {
      const part = packed.subarray(taken, taken + BLOCK_LENGTH - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === BLOCK_LENGTH) await this.#seal();
    }
  }

  /** Writes the last block, which may have fewer pairs. */
  async end(): Promise<void> {
    if (this.#filled > 0) await this.#seal();
  }

  /** Copies all pairs behind what was written to another file. */
  async copyTo(target: FileHandle): Promise<void> {
    const buffer = allocateOffHeap(COPY_LENGTH);
    const length = this.#pairs * PAIR_LENGTH;
    try {
      for (let done = 0; done < length; ) {
        const part = buffer.subarray(0, Math.min(COPY_LENGTH, length - done));
        await readAt(this.#file, part, done);
        await append(target, part);
        done += part.length;
      }
    } finally {
      wipe(buffer);
    }
  }

  /** Wipes what is in memory, and closes. */
  async close(): Promise<void> {
    wipe(this.#block, this.#last);
    await onDisk('closing', this.#file.close());
  }

  async #seal(): Promise<void> {
    const block = this.#block.subarray(0, this.#filled);
    const wrong = firstOutOfOrder(block, this.#last);
    if (wrong !== undefined) {
      const index = this.#tree.size * BLOCK_PAIRS + wrong;
      throw new RenkeiError('DELIVERY_INVALID', 'the old codes do not ascend', { index });
    }
    const hash = leafHash(block);
    this.#hashes.push(hash);
    this.#tree.appendHash(hash);
    wipe(this.#last);
    this.#last = lastOldCode(block);
    await append(this.#file, block);
    this.#pairs += block.length / PAIR_LENGTH;
    this.#filled = 0;
  }
}
