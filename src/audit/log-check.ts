import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { isConsistent } from '../signatures/merkle-proofs.js';
import { leafHash, MerkleTree } from '../signatures/merkle-tree.js';
import { readLogEntry } from '../stores/log-entries.js';
import type { LogHead } from '../stores/log-port.js';
import type { Checkpoint } from './checkpoint.js';
import type { Findings } from './findings.js';
import { RepeatedEntries } from './repeated-entries.js';

/** A checkpoint whose signature is right, and where it comes from. */
export interface DueCheckpoint extends Checkpoint {
  /** True where it was kept apart from the log. */
  readonly isRemembered: boolean;
}

/** The last entry that was read: whether it is the right one, the next will tell. */
interface LastEntry {
  readonly hash: Uint8Array;
  /** True once something is found wrong with it. */
  readonly isNamed: boolean;
}

/**
 * Checks a log, entry after entry, in constant memory.
 *
 * Two Merkle trees are held against the checkpoints: one over the entries as they are, and from the first broken link on
 * another over the leaf hashes that the entries themselves name of those before them. Where only the latter agrees with a
 * checkpoint, the links are those that were signed: then exactly the entries that do not fit them were changed, and of
 * one that is missing even the hash is known.
 */
export class LogCheck {
  readonly #findings: Findings;
  readonly #repeats: RepeatedEntries | undefined;
  /** Checkpoints of sizes that are not reached yet, ascending. */
  readonly #due: DueCheckpoint[] = [];
  #size: number;
  #at: number;
  /** Hash of the entry before the next one; undefined when it is not known. */
  #previous: Uint8Array | undefined;
  /** Undefined before the first entry: of what was verified before, the tree has all. */
  #last: LastEntry | undefined;
  /** Over entries as they are; undefined when too many are missing. */
  #tree: MerkleTree | undefined;
  /** Over what entries say of those before; undefined while that is the same. */
  #linked: MerkleTree | undefined;
  #agreed: number;
  #isContradicted = false;
  /** Size of the largest checkpoint that is left at the end. */
  #signed = 0;

  /**
   * @param after what was verified before
   * @param findings what is found is added to
   * @param mayRepeat whether entries may come again, as lines that were sent twice do
   */
  constructor(after: LogHead, findings: Findings, mayRepeat: boolean) {
    this.#findings = findings;
    this.#size = after.size;
    this.#at = after.at;
    this.#previous = after.last;
    this.#tree = new MerkleTree(after.size, after.subtrees);
    this.#agreed = after.size;
    if (mayRepeat) this.#repeats = new RepeatedEntries(this.#findings);
  }

  /** Number of entries, those that are missing counted. */
  get size(): number {
    return this.#size;
  }

  /** Size of the largest checkpoint that agrees with the log; where there is none, of what was verified before. */
  get agreed(): number {
    return this.#agreed;
  }

  /** The end of the log, to go on from later. Undefined where more than one entry is missing. */
  get head(): LogHead | undefined {
    const tree = this.#treeWithLast(this.#tree);
    if (tree === undefined || this.#previous === undefined) return undefined;
    return { size: this.#size, at: this.#at, last: this.#previous, subtrees: tree.subtrees };
  }

  /** Has a checkpoint compared when its size is reached. They come by ascending size. */
  expect(checkpoint: DueCheckpoint): void {
    // Of what is beside a gap nothing can be compared any more.
    if (this.#tree === undefined && checkpoint.size < this.#size) return;
    if (checkpoint.size < this.#size) {
      this.#findings.add({ finding: 'checkpoint-misplaced', size: checkpoint.size });
      return;
    }
    const place = this.#due.findIndex(({ size }) => size > checkpoint.size);
    this.#due.splice(place === -1 ? this.#due.length : place, 0, checkpoint);
  }

  /** Takes the next entry. */
  entry(text: string): void {
    const hash = leafHash(text);
    const entry = readLogEntry(text);
    if (entry === undefined) {
      this.#settle(undefined);
      this.#findings.add({ finding: 'entry-malformed', index: this.#size });
      this.#take(hash, true);
      return;
    }
    const { index, previous, at } = entry;
    if (index < this.#size) {
      if (this.#repeats === undefined) this.#findings.add({ finding: 'entry-repeated', index });
      else this.#repeats.take(index, previous, hash, index === this.#size - 1 ? this.#previous : undefined);
      return;
    }
    if (index > this.#size) this.#skip(index, previous);
    this.#settle(previous);
    if (at < this.#at) this.#findings.add({ finding: 'entry-out-of-time', index });
    this.#at = at;
    this.#take(hash, false);
  }

  /**
   * Takes a checkpoint that stands among the entries, behind as many as `to`, with a proof that leads from it to there.
   */
  shipped(checkpoint: Checkpoint, to: number, proof: readonly Uint8Array[]): void {
    // Of fewer entries than were seen: it was sent again, and a later one follows.
    if (to < this.#size) return;
    if (to > this.#size) {
      this.#skip(to, undefined);
      return;
    }
    const { size, root } = checkpoint;
    if (size > to) {
      this.beyond(size);
      return;
    }
    const trees = [this.#tree, this.#linked].map((tree) => this.#treeWithLast(tree));
    if (trees[0] === undefined) return;
    const doesAgree = trees.some(
      (tree) => tree !== undefined && isConsistent(size, root, to, tree.root(), proof),
    );
    this.#note({ ...checkpoint, isRemembered: false }, doesAgree);
  }

  /** No entry follows any more; checkpoints of larger sizes may. */
  end(): void {
    this.#settle(undefined);
    for (const { size } of this.#due) this.beyond(size);
  }

  /** Takes the size of a checkpoint after the end. */
  beyond(size: number): void {
    this.#signed = Math.max(this.#signed, size);
  }

  /** All is read. */
  conclude(): void {
    if (this.#signed > this.#size) {
      this.#findings.add({ finding: 'log-truncated', entries: this.#size, size: this.#signed });
    }
  }

  #take(hash: Uint8Array, isNamed: boolean): void {
    this.#last = { hash, isNamed };
    this.#previous = hash;
    this.#size++;
  }

  /**
   * Puts the last entry into the trees, and compares the checkpoints that are due.
   *
   * @param link its hash, as the next entry names it in hex; undefined where none does
   */
  #settle(link: string | undefined): void {
    const isBroken =
      link !== undefined && this.#previous !== undefined && link !== bytesToHex(this.#previous);
    if (isBroken) this.#breakAt();
    if (this.#last !== undefined) {
      const { hash } = this.#last;
      this.#linked?.appendHash(link === undefined ? hash : hexToBytes(link));
      this.#tree?.appendHash(hash);
      this.#last = undefined;
    }
    this.#compare();
  }

  /** The next entry does not follow from the last one. */
  #breakAt(): void {
    if (this.#last === undefined) {
      this.#findings.add({ finding: 'chain-broken', index: this.#size });
      return;
    }
    if (!this.#last.isNamed) this.#findings.add({ finding: 'entry-changed', index: this.#size - 1 });
    if (this.#tree !== undefined) this.#linked ??= new MerkleTree(this.#tree.size, this.#tree.subtrees);
  }

  /**
   * Entries are missing before this one.
   *
   * @param link hash of the last one that is missing, in hex
   */
  #skip(index: number, link: string | undefined): void {
    const missing = index - this.#size;
    this.#findings.add({ finding: 'entries-missing', index: this.#size, count: missing });
    this.#settle(undefined);
    if (missing === 1 && link !== undefined) {
      this.#take(hexToBytes(link), true);
      return;
    }
    this.#tree = undefined;
    this.#linked = undefined;
    this.#size = index;
    this.#previous = undefined;
  }

  #compare(): void {
    while (this.#due[0] !== undefined && this.#due[0].size <= this.#size) {
      const checkpoint = this.#due.shift() as DueCheckpoint;
      if (this.#tree === undefined || this.#tree.size !== checkpoint.size) continue;
      const roots = [this.#tree, this.#linked].map((tree) => tree?.root());
      const isOne = (root: Uint8Array | undefined) =>
        root !== undefined && Buffer.compare(root, checkpoint.root) === 0;
      this.#note(checkpoint, roots.some(isOne));
    }
  }

  #note({ size, isRemembered }: DueCheckpoint, doesAgree: boolean): void {
    if (doesAgree) {
      this.#agreed = Math.max(this.#agreed, size);
    } else if (isRemembered) {
      this.#findings.add({ finding: 'log-forked', size });
    } else if (!this.#isContradicted) {
      this.#isContradicted = true;
      this.#findings.add({ finding: 'log-contradicts-checkpoint', since: this.#agreed, size });
    }
  }

  #treeWithLast(tree: MerkleTree | undefined): MerkleTree | undefined {
    if (tree === undefined || this.#last === undefined) return tree;
    const copy = new MerkleTree(tree.size, tree.subtrees);
    copy.appendHash(this.#last.hash);
    return copy;
  }
}
