import { signalOption, throwIfAborted } from '../errors/abort.js';
import {
  booleanRule,
  checkOptions,
  functionRule,
  integerRule,
  required,
  signalRule,
} from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { pauseFor } from '../lifecycle/pause.js';
import { consistencyRanges } from '../signatures/merkle-proofs.js';
import type { LogCallOptions, LogStore } from '../stores/log-port.js';
import { STORE_RULE } from './audit-log-options.js';
import { indexAfter } from './entry-pages.js';
import { checkpointLine } from './shipped-lines.js';
import { TreeReader } from './tree-reader.js';

/** Lines that are shipped together. */
export interface ShippedLines {
  /** JSON lines, each with a line feed at its end. */
  readonly text: string;
  /** Where to go on (`from`) once these are safe. */
  readonly next: number;
}

/** Options of {@link shipLog}. */
export interface ShipLogOptions extends LogCallOptions {
  /** Where the log is kept. Stays the caller's. */
  readonly store: Pick<LogStore, 'logHead' | 'logEntries' | 'logHashes' | 'lastCheckpoint'>;
  /** Index of the first entry: `next` of the last lines that came in safely. Default 0. */
  readonly from?: number;
  /** Takes lines; the next are read when its promise resolves. What it throws ends the shipping. */
  readonly write: (lines: ShippedLines) => void | Promise<void>;
  /** Goes on with entries as they come, until `signal` aborts. Default false: to the end of the log. */
  readonly follow?: boolean;
  /** Milliseconds between two looks at a log that has ended, 10 to 3,600,000. Default 1,000. */
  readonly pollMs?: number;
  /** Most entries written at once, 1 to 100,000. Default 1,000. */
  readonly batchEntries?: number;
}

/**
 * Ships a log to where its keeper cannot change it, such as a SIEM, as JSON lines: each entry as it stands in the log, and
 * among them the last checkpoint, whenever there is a new one, with the proof that it is one of these entries.
 *
 * At least once: after a failure, go on from the last `next` that is known to be safe; what came in before is there twice
 * then, which `verifyLogLines` knows. Only what was shipped is safe from somebody who has the database.
 *
 * @returns where to go on
 * @throws RenkeiError an option error, `LOG_FORKED` when the log has fewer entries than `from`, `STORE_CORRUPT`, `ABORTED` (the end of `follow`), a store error; what `write`
 *   throws
 */
export async function shipLog(options: ShipLogOptions): Promise<number> {
  checkOptions('shipLog', options, {
    store: STORE_RULE,
    from: integerRule(0, Number.MAX_SAFE_INTEGER),
    write: required(functionRule),
    follow: booleanRule,
    pollMs: integerRule(10, 3_600_000),
    batchEntries: integerRule(1, 100_000),
    signal: signalRule,
  });
  const { store, write, follow = false, pollMs = 1_000, batchEntries = 1_000, signal } = options;
  const call = signalOption(signal);
  let next = options.from ?? 0;
  const { size } = await store.logHead(call);
  if (next > size) {
    throw new RenkeiError('LOG_FORKED', `the operation log has ${size} entries, and ${next} were shipped`);
  }
  let shipped: string | undefined;
  for (;;) {
    throwIfAborted(signal);
    const texts = await store.logEntries({ from: next, limit: batchEntries, ...call });
    const lines = [...texts];
    next = texts.length === 0 ? next : indexAfter(texts, next);
    const last = await store.lastCheckpoint(call);
    // A checkpoint of entries that come no more is one of a log that was cut off: whoever receives it will see.
    const isAhead = last !== undefined && last.size > next;
    if (last !== undefined && last.note !== shipped && (!isAhead || texts.length === 0)) {
      const ranges = isAhead ? [] : consistencyRanges(last.size, next);
      const proof = await new TreeReader(store, call).hashes(ranges);
      lines.push(checkpointLine({ checkpoint: last.note, entries: next, proof }));
      shipped = last.note;
    }
    if (lines.length > 0) await write({ text: lines.map((line) => `${line}\n`).join(''), next });
    if (texts.length === batchEntries || (isAhead && texts.length > 0)) continue;
    if (!follow) return next;
    await pauseFor(pollMs, signal);
  }
}
