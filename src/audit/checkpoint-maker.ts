import type { AuditKeyName } from '../codes/key-names.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { consistencyRanges, isConsistent } from '../signatures/merkle-proofs.js';
import { MerkleTree } from '../signatures/merkle-tree.js';
import { writeNote } from '../signatures/signed-note.js';
import type { LogHead, LogStore, StoredCheckpoint } from '../stores/log-port.js';
import type { Vault } from '../vault/port.js';
import { type Checkpoint, type CheckpointFault, checkpointText, readCheckpoint } from './checkpoint.js';
import { TreeReader } from './tree-reader.js';

/** What a {@link CheckpointMaker} works with. */
export interface CheckpointMakerParts {
  readonly store: LogStore;
  readonly vault: Pick<Vault, 'sign' | 'publicKey'>;
  readonly auditKey: AuditKeyName;
  readonly origin: string;
  /** Public halves of earlier versions of the audit key. */
  readonly earlierKeys: readonly Uint8Array[];
  /** A checkpoint that was kept elsewhere. */
  readonly remembered: string | undefined;
}

/**
 * Makes checkpoints of a log, one after the other. It never signs one that is not consistent with the last one kept in
 * the store, nor with the last one that it has made or seen itself, whatever the store says by now.
 */
export class CheckpointMaker {
  readonly #parts: CheckpointMakerParts;
  #publicKey: Uint8Array | undefined;
  /** The largest checkpoint that was seen. */
  #seen: string | undefined;
  #making: Promise<unknown> = Promise.resolve();

  constructor(parts: CheckpointMakerParts) {
    this.#parts = parts;
    this.#seen = parts.remembered;
  }

  /**
   * Finds the public half of the audit key.
   *
   * @returns false when the vault is not to be had just now
   * @throws RenkeiError a key error
   */
  async findKey(): Promise<boolean> {
    try {
      await this.#ownKey(undefined);
      return true;
    } catch (error) {
      if (error instanceof RenkeiError && error.retryable) return false;
      throw error;
    }
  }

  /** Makes a checkpoint of all that is in the log when its turn comes; the last one where nothing has come since. */
  make(signal?: AbortSignal): Promise<StoredCheckpoint> {
    const made = this.#making.then(() => this.#make(signal));
    this.#making = made.catch(() => undefined);
    return made;
  }

  /**
   * Proves the log consistent with the checkpoints that are known.
   *
   * @returns the last one in the store
   * @throws RenkeiError `CHECKPOINT_INVALID` or `LOG_FORKED`; a vault or store error
   */
  async check(head: LogHead, signal?: AbortSignal): Promise<StoredCheckpoint | undefined> {
    const last = await this.#parts.store.lastCheckpoint(signalOption(signal));
    if (last !== undefined) {
      const checkpoint = await this.#read(last.note, signal);
      if (checkpoint.size !== last.size) throw checkpointInvalid('it is kept under another size');
      await this.#prove(checkpoint, head, signal);
    }
    if (this.#seen !== undefined && this.#seen !== last?.note) {
      await this.#prove(await this.#read(this.#seen, signal), head, signal);
    }
    if (last !== undefined) this.#see(last.note);
    return last;
  }

  async #make(signal: AbortSignal | undefined): Promise<StoredCheckpoint> {
    const { store, vault, auditKey, origin } = this.#parts;
    const head = await store.logHead(signalOption(signal));
    const last = await this.check(head, signal);
    if (last?.size === head.size) return last;
    const text = checkpointText({ origin, size: head.size, root: rootOf(head) });
    const publicKey = await this.#ownKey(signal);
    const signature = await vault.sign(auditKey, Buffer.from(text), signalOption(signal));
    const made = { size: head.size, note: writeNote(text, origin, publicKey, signature) };
    if (typeof readCheckpoint(made.note, origin, [publicKey]) === 'string') {
      throw new RenkeiError('SIGNATURE_INVALID', `what ${auditKey} signs is not signed by its public half`);
    }
    // From here on it is signed, whether or not it comes to be kept.
    this.#see(made.note);
    const outcome = await store.addCheckpoint(made, signalOption(signal));
    if (outcome === 'conflict') {
      // Another process was first, with a checkpoint of at least this size.
      const other = await this.check(await store.logHead(signalOption(signal)), signal);
      if (other !== undefined && other.size >= made.size) return other;
      throw new RenkeiError('STORE_CORRUPT', 'the store refuses a checkpoint and holds none that is larger');
    }
    return made;
  }

  async #prove(checkpoint: Checkpoint, head: LogHead, signal: AbortSignal | undefined): Promise<void> {
    const { size, root } = checkpoint;
    if (size > head.size) {
      throw new RenkeiError(
        'LOG_FORKED',
        `the operation log has ${head.size} entries, and a checkpoint of ${size} was signed`,
      );
    }
    const proof = await new TreeReader(this.#parts.store, signalOption(signal)).hashes(
      consistencyRanges(size, head.size),
    );
    if (isConsistent(size, root, head.size, rootOf(head), proof)) return;
    throw new RenkeiError(
      'LOG_FORKED',
      `the operation log is not the one whose first ${size} entries were signed`,
    );
  }

  async #read(note: string, signal: AbortSignal | undefined): Promise<Checkpoint> {
    const { origin, earlierKeys } = this.#parts;
    const checkpoint = readCheckpoint(note, origin, [await this.#ownKey(signal), ...earlierKeys]);
    if (typeof checkpoint !== 'string') return checkpoint;
    throw checkpointInvalid(REFUSALS[checkpoint]);
  }

  async #ownKey(signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { vault, auditKey } = this.#parts;
    this.#publicKey ??= await vault.publicKey(auditKey, signalOption(signal));
    return this.#publicKey;
  }

  #see(note: string): void {
    if (this.#seen === undefined || sizeOf(note) >= sizeOf(this.#seen)) this.#seen = note;
  }
}

const REFUSALS: Readonly<Record<CheckpointFault, string>> = {
  'checkpoint-malformed': 'it is none',
  'checkpoint-foreign': 'it is one of another log',
  'checkpoint-forged': 'no key that is known has signed it',
};

function checkpointInvalid(why: string): RenkeiError {
  return new RenkeiError('CHECKPOINT_INVALID', `a checkpoint of the operation log is refused: ${why}`);
}

/** The second line of a checkpoint that was read before. */
function sizeOf(note: string): number {
  return Number(note.split('\n')[1]);
}

function rootOf({ size, subtrees }: LogHead): Uint8Array {
  return new MerkleTree(size, subtrees).root();
}
