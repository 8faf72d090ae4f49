import { Redacted } from '../bytes/redacted.js';
import { signalOption, throwIfAborted } from '../errors/abort.js';
import { checkOptions, integerRule, signalRule } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { AbortWatch } from '../lifecycle/abort-watch.js';
import { Drain } from '../lifecycle/drain.js';
import { RoundQueue } from '../lifecycle/round-queue.js';
import { consistencyRanges, inclusionRanges, type LeafRange } from '../signatures/merkle-proofs.js';
import { checkDrafts, readLogEntry } from '../stores/log-entries.js';
import type {
  LogAppended,
  LogCallOptions,
  LogDraft,
  LogEntry,
  LogStore,
  OperationLog,
  StoredCheckpoint,
} from '../stores/log-port.js';
import type { AuditLogEvent } from './audit-log-options.js';
import type { CheckpointMaker } from './checkpoint-maker.js';
import { entryPages, type ReadEntriesOptions } from './entry-pages.js';
import { TreeReader } from './tree-reader.js';
import { WaitingAppend } from './waiting-append.js';

/** Entries in one transaction: some milliseconds of a store that holds the thread. */
const MAX_ROUND_ENTRIES = 2_000;
/** After a checkpoint that could not be made, entries bring about no other attempt before so many milliseconds. */
const RETRY_MS = 5_000;

/** What an {@link AuditLog} works with. */
export interface AuditLogParts {
  readonly store: LogStore;
  readonly maker: CheckpointMaker;
  readonly checkpointEvery: number;
  readonly checkpointAfterMs: number;
  readonly now: () => number;
  readonly observe: (event: AuditLogEvent) => void;
  /** Number of entries that the last checkpoint speaks of, 0 where there is none. */
  readonly checkpointed: number;
}

/**
 * The tamper-evident log of operations: a hash chain, a Merkle tree over it (RFC 6962), and checkpoints that an audit key
 * signs (C2SP tlog-checkpoint). Made by `openAuditLog`. Several processes may write one log.
 */
export class AuditLog extends Redacted implements OperationLog {
  readonly #parts: AuditLogParts;
  readonly #drain = new Drain('audit log', 'LOG_CLOSED');
  readonly #watch = new AbortWatch();
  readonly #rounds: RoundQueue<WaitingAppend>;
  readonly #timer: NodeJS.Timeout;
  #checkpointed: number;
  #background: Promise<void> | undefined;
  #notBefore = 0;

  /** @internal */
  constructor(parts: AuditLogParts) {
    super();
    this.#parts = parts;
    this.#checkpointed = parts.checkpointed;
    this.#rounds = new RoundQueue<WaitingAppend>({
      work: { finish: (appends) => this.#append(appends.filter(({ isOpen }) => isOpen)) },
      mostWeight: MAX_ROUND_ENTRIES,
      weightOf: ({ drafts }) => drafts.length,
    });
    this.#timer = setInterval(() => this.#checkpointSoon(), parts.checkpointAfterMs).unref();
  }

  /**
   * Appends entries, durable when the promise resolves; those of one call stand one behind the other. Calls that come
   * while others are written share the next transaction. Needs no HSM.
   *
   * @param drafts at most 100,000
   * @throws RenkeiError `LOG_ENTRY_INVALID`, `BATCH_TOO_LARGE`, `LOG_CLOSED`, `ABORTED` (nothing was appended), or a
   *   store error (they may have been)
   */
  append(drafts: readonly LogDraft[], options: LogCallOptions = {}): Promise<LogAppended> {
    return this.#drain.run(() => {
      checkOptions('append', options, { signal: signalRule });
      checkDrafts(drafts);
      throwIfAborted(options.signal);
      const append = new WaitingAppend(drafts, options.signal, this.#watch);
      this.#rounds.add(append);
      return append.answer;
    });
  }

  /**
   * Signs a checkpoint of all that is in the log, and keeps it; the last one where nothing has come since. Before that
   * the log is proved consistent with the checkpoint before.
   *
   * @throws RenkeiError `LOG_FORKED` or `CHECKPOINT_INVALID` when it is not: nothing is signed then; `LOG_CLOSED`,
   *   `ABORTED`, a store error, or a vault error: a retryable one may be made again, appending goes on meanwhile
   */
  checkpoint(options: LogCallOptions = {}): Promise<StoredCheckpoint> {
    return this.#drain.run(() => {
      checkOptions('checkpoint', options, { signal: signalRule });
      return this.#checkpoint(options.signal);
    });
  }

  /**
   * Proves that an entry is in the log (RFC 9162 section 2.1.3), for `isIncluded`.
   *
   * @param index of the entry
   * @param size of the tree it is proved to be in, such as that of a checkpoint
   * @returns hashes, 32 bytes each
   * @throws RenkeiError `OPTION_INVALID` when the log is smaller, `STORE_CORRUPT`, `LOG_CLOSED` or a store error
   */
  inclusionProof(index: number, size: number, options: LogCallOptions = {}): Promise<readonly Uint8Array[]> {
    return this.#proof(options, size, { index, most: size - 1 }, () => inclusionRanges(index, size));
  }

  /**
   * Proves that the log of one size is the beginning of the log of another (RFC 9162 section 2.1.4), for `isConsistent`.
   *
   * @param from the smaller size
   * @param size the larger one
   * @returns hashes, 32 bytes each
   * @throws RenkeiError as {@link AuditLog.inclusionProof}
   */
  consistencyProof(from: number, size: number, options: LogCallOptions = {}): Promise<readonly Uint8Array[]> {
    return this.#proof(options, size, { index: from, most: size }, () => consistencyRanges(from, size));
  }

  /**
   * Entries in their order.
   *
   * @throws RenkeiError `STORE_CORRUPT` at what is no entry, `LOG_CLOSED`, `ABORTED` or a store error
   */
  async *entries(options: ReadEntriesOptions = {}): AsyncGenerator<LogEntry, void, void> {
    const { store } = this.#parts;
    const logEntries: LogStore['logEntries'] = (page) => this.#drain.run(() => store.logEntries(page));
    for await (const texts of entryPages({ logEntries }, options)) {
      for (const text of texts) yield entryOf(text);
    }
  }

  /**
   * Refuses new calls, lets the running ones end, and makes a last checkpoint where entries have come since the one
   * before; when that fails, `observe` is told. Store and vault stay open. May be called twice.
   */
  close(): Promise<void> {
    clearInterval(this.#timer);
    return this.#drain.close(async () => {
      await this.#background;
      await this.#checkpointQuietly();
    });
  }

  /** The same as {@link AuditLog.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #append(appends: readonly WaitingAppend[]): Promise<void> {
    const { store, now, checkpointEvery } = this.#parts;
    const drafts = appends.flatMap((append) => append.drafts);
    const { first, at } = await store.appendLog(drafts, now());
    let next = first;
    for (const append of appends) {
      append.resolve({ first: next, at });
      next += append.drafts.length;
    }
    if (next - this.#checkpointed >= checkpointEvery && performance.now() >= this.#notBefore) {
      this.#checkpointSoon();
    }
  }

  #checkpointSoon(): void {
    this.#background ??= this.#checkpointQuietly().finally(() => {
      this.#background = undefined;
    });
  }

  /** A checkpoint that nobody waits for, where entries have come, whoever wrote them. Never rejects. */
  async #checkpointQuietly(): Promise<void> {
    try {
      const { size } = await this.#parts.store.logHead();
      if (size > this.#checkpointed) await this.#checkpoint(undefined);
    } catch (error) {
      this.#notBefore = performance.now() + RETRY_MS;
      const code = error instanceof RenkeiError ? error.code : 'STORE_FAULT';
      this.#parts.observe({ event: 'checkpoint-failed', code });
    }
  }

  async #checkpoint(signal: AbortSignal | undefined): Promise<StoredCheckpoint> {
    const made = await this.#parts.maker.make(signal);
    this.#checkpointed = Math.max(this.#checkpointed, made.size);
    this.#parts.observe({ event: 'checkpoint', size: made.size });
    return made;
  }

  #proof(
    options: LogCallOptions,
    size: number,
    { index, most }: { readonly index: number; readonly most: number },
    ranges: () => readonly LeafRange[],
  ): Promise<readonly Uint8Array[]> {
    return this.#drain.run(async () => {
      checkOptions('proof', options, { signal: signalRule });
      const { store } = this.#parts;
      const head = await store.logHead(signalOption(options.signal));
      checkOptions('proof', { size }, { size: integerRule(0, head.size) });
      checkOptions('proof', { index }, { index: integerRule(0, most) });
      return new TreeReader(store, signalOption(options.signal)).hashes(ranges());
    });
  }
}

function entryOf(text: string): LogEntry {
  const entry = readLogEntry(text);
  if (entry === undefined) throw new RenkeiError('STORE_CORRUPT', 'the operation log holds what is no entry');
  return entry;
}
