import { Redacted } from '../../bytes/redacted.js';
import type { WriteOutcome } from '../calls.js';
import { EMPTY_LOG, extendLog, type LogExtension } from '../log-entries.js';
import type { LogAppended, LogDraft, LogHashPage, LogHead, LogPage, StoredCheckpoint } from '../log-port.js';

/** The operation log of a record file in memory. */
export class MemoryLog extends Redacted {
  #head: LogHead = EMPTY_LOG;
  readonly #texts: string[] = [];
  /** Hashes by level: of leaves, and of whole subtrees. */
  readonly #hashes = new Map<number, Uint8Array[]>();
  readonly #checkpoints: StoredCheckpoint[] = [];

  /** The end of the log. */
  get head(): LogHead {
    return this.#head;
  }

  /** Keeps what appending came to. */
  keep({ head, entries, hashes }: LogExtension): void {
    for (const { text, hash } of entries) {
      this.#texts.push(text);
      this.#hashesOf(0).push(hash);
    }
    for (const { level, hash } of hashes) this.#hashesOf(level).push(hash);
    this.#head = head;
  }

  /** Appends entries. */
  append(drafts: readonly LogDraft[], at: number): LogAppended {
    const { size, at: last } = this.#head;
    this.keep(extendLog(this.#head, drafts, at));
    return { first: size, at: Math.max(at, last) };
  }

  /** Texts of entries. */
  entries({ from, limit }: LogPage): readonly string[] {
    return this.#texts.slice(from, from + limit);
  }

  /** Hashes, one behind the other. */
  hashes({ level, from, limit }: LogHashPage): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#hashesOf(level).slice(from, from + limit)));
  }

  /** Keeps a checkpoint. */
  addCheckpoint({ size, note }: StoredCheckpoint): WriteOutcome {
    const known = this.#checkpoints.find((checkpoint) => checkpoint.size >= size);
    if (known !== undefined) return known.size === size && known.note === note ? 'existed' : 'conflict';
    this.#checkpoints.push({ size, note });
    return 'inserted';
  }

  /** Checkpoints by ascending size. */
  checkpoints({ from, limit }: LogPage): readonly StoredCheckpoint[] {
    return this.#checkpoints.filter(({ size }) => size >= from).slice(0, limit);
  }

  /** The checkpoint of the largest size. */
  get lastCheckpoint(): StoredCheckpoint | undefined {
    return this.#checkpoints.at(-1);
  }

  #hashesOf(level: number): Uint8Array[] {
    let hashes = this.#hashes.get(level);
    if (hashes === undefined) {
      hashes = [];
      this.#hashes.set(level, hashes);
    }
    return hashes;
  }
}
