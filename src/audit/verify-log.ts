import { signalOption } from '../errors/abort.js';
import { checkOptions } from '../errors/options.js';
import { EMPTY_LOG } from '../stores/log-entries.js';
import type { LogStore, StoredCheckpoint } from '../stores/log-port.js';
import { STORE_RULE } from './audit-log-options.js';
import { entryPages } from './entry-pages.js';
import { Verification } from './verification.js';
import { type LogVerification, VERIFY_RULES, type VerifyOptions } from './verify-options.js';

/** Options of {@link verifyLog}. */
export interface VerifyLogOptions extends VerifyOptions {
  /** Where the log is kept: any object with these two methods, such as a record store. Stays the caller's. */
  readonly store: Pick<LogStore, 'logEntries' | 'checkpoints'>;
}

const PAGE_CHECKPOINTS = 1_000;

/**
 * Verifies a log where it is kept: every entry against the one before, all of them against every checkpoint, and every
 * signature. Needs no HSM and no secret. Reads the log once, in constant memory.
 *
 * Entries behind the last checkpoint are held against one another only, see {@link LogVerification.signed}. Whether they
 * were cut off, or the log with all its checkpoints was put back to an earlier state, only checkpoints tell that were
 * kept elsewhere (`remembered`).
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `ABORTED` or a store error
 */
export async function verifyLog(options: VerifyLogOptions): Promise<LogVerification> {
  checkOptions('verifyLog', options, { ...VERIFY_RULES, store: STORE_RULE });
  const { after = EMPTY_LOG, signal } = options;
  const verification = new Verification(options, false);
  const { check } = verification;
  const checkpoints = new CheckpointReader(options.store, after.size, signal);
  const expect = ({ size, note }: StoredCheckpoint) => {
    const checkpoint = verification.read(note, size);
    if (checkpoint !== undefined) check.expect({ ...checkpoint, isRemembered: false });
  };
  // A checkpoint may be of entries that have come since entries were read: they are there by now, or were cut off.
  for (let isBeyond = false; ; ) {
    const before = check.size;
    for await (const texts of entryPages(options.store, { from: before, ...signalOption(signal) })) {
      for (const text of texts) {
        await checkpoints.upTo(check.size + 1, expect);
        check.entry(text);
      }
    }
    if (isBeyond && check.size === before) break;
    isBeyond = (await checkpoints.next()) !== undefined;
    if (!isBeyond) break;
  }
  check.end();
  await checkpoints.upTo(Number.POSITIVE_INFINITY, ({ size, note }) => {
    const checkpoint = verification.read(note, size);
    if (checkpoint !== undefined) check.beyond(checkpoint.size);
  });
  return verification.conclude();
}

/** Checkpoints of a store by ascending size, read when their size is near. */
class CheckpointReader {
  readonly #store: Pick<LogStore, 'checkpoints'>;
  readonly #signal: AbortSignal | undefined;
  #page: readonly StoredCheckpoint[] = [];
  #taken = 0;
  #from: number;
  #isLast = false;

  constructor(store: Pick<LogStore, 'checkpoints'>, from: number, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#from = from;
    this.#signal = signal;
  }

  /** The next one; undefined where there is none. */
  async next(): Promise<StoredCheckpoint | undefined> {
    while (this.#page[this.#taken] === undefined && !this.#isLast) await this.#read();
    return this.#page[this.#taken];
  }

  /** Gives those that are next and of at most this size. */
  async upTo(size: number, take: (checkpoint: StoredCheckpoint) => void): Promise<void> {
    for (let next = await this.next(); next !== undefined && next.size <= size; next = await this.next()) {
      this.#taken++;
      take(next);
    }
  }

  async #read(): Promise<void> {
    const page = { from: this.#from, limit: PAGE_CHECKPOINTS, ...signalOption(this.#signal) };
    this.#page = await this.#store.checkpoints(page);
    this.#taken = 0;
    this.#isLast = this.#page.length < PAGE_CHECKPOINTS;
    this.#from = (this.#page.at(-1)?.size ?? this.#from) + 1;
  }
}
