import { RenkeiError } from '../errors/renkei-error.js';
import { type LeafRange, nodesOf, type TreeNode } from '../signatures/merkle-proofs.js';
import { joinedHash } from '../signatures/merkle-tree.js';
import { HASH_LEVEL_STEP } from '../stores/log-entries.js';
import type { LogCallOptions, LogStore } from '../stores/log-port.js';

const HASH_LENGTH = 32;
/** Hashes of one kept level under one hash of the next. */
const TILE_HASHES = 2 ** HASH_LEVEL_STEP;

/**
 * Reads hashes of a log's tree. Levels between those that are kept are computed from a tile of 256 hashes of the level
 * below, which is read once: a proof takes two or three reads for every eight levels.
 */
export class TreeReader {
  readonly #store: Pick<LogStore, 'logHashes'>;
  readonly #options: LogCallOptions;
  readonly #tiles = new Map<string, Promise<Uint8Array>>();

  constructor(store: Pick<LogStore, 'logHashes'>, options: LogCallOptions) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * Hashes of the ranges of a proof, 32 bytes each.
   *
   * @throws RenkeiError `STORE_CORRUPT` when hashes are missing, or a store error
   */
  async hashes(ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
    const hashes: Uint8Array[] = [];
    for (const range of ranges) {
      const subtrees: Uint8Array[] = [];
      for (const node of nodesOf(range)) subtrees.push(await this.#node(node));
      hashes.push(joinedHash(subtrees));
    }
    return hashes;
  }

  async #node({ level, index }: TreeNode): Promise<Uint8Array> {
    const kept = level - (level % HASH_LEVEL_STEP);
    const count = 2 ** (level - kept);
    const first = index * count;
    const tile = await this.#tile(kept, Math.floor(first / TILE_HASHES));
    const start = first % TILE_HASHES;
    if (tile.length < (start + count) * HASH_LENGTH) {
      throw new RenkeiError('STORE_CORRUPT', 'hashes of the operation log are missing');
    }
    let hashes = Array.from({ length: count }, (_, k) =>
      tile.subarray((start + k) * HASH_LENGTH, (start + k + 1) * HASH_LENGTH),
    );
    while (hashes.length > 1) {
      const below = hashes;
      hashes = Array.from({ length: below.length / 2 }, (_, k) => joinedHash(below.slice(2 * k, 2 * k + 2)));
    }
    return hashes[0] as Uint8Array;
  }

  #tile(level: number, index: number): Promise<Uint8Array> {
    const name = `${level}/${index}`;
    let tile = this.#tiles.get(name);
    if (tile === undefined) {
      const page = { level, from: index * TILE_HASHES, limit: TILE_HASHES, ...this.#options };
      tile = this.#store.logHashes(page);
      this.#tiles.set(name, tile);
    }
    return tile;
  }
}
