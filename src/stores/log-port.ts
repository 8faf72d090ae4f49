import type { LogAppended, LogCallOptions, LogDraft } from '../lifecycle/operation-log.js';
import type { WriteOutcome } from './calls.js';

export type {
  LogAppended,
  LogCallOptions,
  LogDetails,
  LogDraft,
  LogValue,
  OperationLog,
} from '../lifecycle/operation-log.js';

/** An entry as it stands in the log. */
export interface LogEntry extends Required<LogDraft> {
  /** Its place, counted from 0; also that of its leaf in the Merkle tree. */
  readonly index: number;
  /** Milliseconds since 1970-01-01 UTC; never before that of the entry before. */
  readonly at: number;
  /** Leaf hash of the entry before, 64 lower-case hex digits; of the first entry zeros. */
  readonly previous: string;
}

/** The end of a log: all that is needed to append to it and to compute its root. */
export interface LogHead {
  /** Number of entries. */
  readonly size: number;
  /** The moment of the last entry, in milliseconds since 1970-01-01 UTC; 0 of an empty log. */
  readonly at: number;
  /** 32 bytes: leaf hash of the last entry; of an empty log zeros. */
  readonly last: Uint8Array;
  /** Hashes of whole subtrees from the left, each smaller than the one before, 32 bytes each (RFC 6962 section 2.1). */
  readonly subtrees: readonly Uint8Array[];
}

/** A signed statement about the log at one size. */
export interface StoredCheckpoint {
  /** Number of entries it speaks of. */
  readonly size: number;
  /** The signed note (C2SP tlog-checkpoint). */
  readonly note: string;
}

/** Which entries are wanted. */
export interface LogPage extends LogCallOptions {
  /** Index of the first one. */
  readonly from: number;
  /** Most wanted, 1 to 100,000. */
  readonly limit: number;
}

/** Which hashes of the tree are wanted. */
export interface LogHashPage extends LogPage {
  /**
   * 0: leaf hashes of entries. 8, 16, 24, …: hashes of whole subtrees of 2^level leaves; `from` counts such subtrees.
   */
  readonly level: number;
}

/**
 * Where the operation log is kept: append-only, one writer at a time, entries in one order. Calls may run at the same
 * time, in one process or in several. Errors of every method: `STORE_CLOSED`, `STORE_FAULT` (retryable),
 * `STORE_CORRUPT`, `ABORTED`.
 */
export interface LogStore {
  /**
   * Appends entries in one transaction, all or none, durable when the promise resolves. A call that failed with
   * `STORE_FAULT` may have appended them all the same.
   *
   * @param drafts at most 100,000; none is legal
   * @param at milliseconds since 1970-01-01 UTC, not before the last entry's but in `at` of the answer
   * @throws RenkeiError `LOG_ENTRY_INVALID`, `BATCH_TOO_LARGE` or `OPTION_INVALID` (a date)
   */
  appendLog(drafts: readonly LogDraft[], at: number, options?: LogCallOptions): Promise<LogAppended>;

  /** The end of the log. */
  logHead(options?: LogCallOptions): Promise<LogHead>;

  /** Entries in their order, each as the text whose bytes are its leaf; fewer than wanted at the end. */
  logEntries(page: LogPage): Promise<readonly string[]>;

  /** Hashes of the tree, 32 bytes each, one behind the other; fewer than wanted at the end. */
  logHashes(page: LogHashPage): Promise<Uint8Array>;

  /**
   * Keeps a checkpoint. `existed` when the same note is there; `conflict`, and no change, when another one of this size
   * is, or a later one.
   */
  addCheckpoint(checkpoint: StoredCheckpoint, options?: LogCallOptions): Promise<WriteOutcome>;

  /**
   * Checkpoints by ascending size.
   *
   * @param page `from`: the least size wanted
   */
  checkpoints(page: LogPage): Promise<readonly StoredCheckpoint[]>;

  /** The checkpoint of the largest size; undefined where there is none. */
  lastCheckpoint(options?: LogCallOptions): Promise<StoredCheckpoint | undefined>;

  /** Refuses new calls, lets the running ones end and closes. May be called twice. */
  close(): Promise<void>;

  /** The same as {@link LogStore.close}. */
  [Symbol.asyncDispose](): Promise<void>;
}
