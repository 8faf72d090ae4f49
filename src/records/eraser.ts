import { signalOption } from '../errors/abort.js';
import {
  checkOptions,
  functionRule,
  integerRule,
  objectRule,
  required,
  signalRule,
} from '../errors/options.js';
import type { RecordEraser } from '../rotation/options.js';
import type { RecordStore } from '../stores/record-port.js';

/** Options of {@link recordEraser}. */
export interface RecordEraserOptions {
  /** The record file. Stays the caller's. */
  readonly store: RecordStore;
  /** Most rows of one transaction, 1 to 100,000. Default 10,000. */
  readonly batchRows?: number;
  /** Told how many rows of the period were erased so far. */
  readonly onProgress?: (erased: number) => void;
  /** The clock, in milliseconds since 1970-01-01 UTC. Default `Date.now`. */
  readonly now?: () => number;
  /** Gives up between transactions with `ABORTED`; call again to go on. */
  readonly signal?: AbortSignal;
}

const DEFAULT_BATCH_ROWS = 10_000;

/**
 * What erases the records of a period at the end of their time (令30条): given to `Rotation.retire`, which lets seven
 * years pass first, and after which the period's key is destroyed. Its `erase` writes an entry `records.erasing` the first
 * time, and for each transaction an entry `records.erased` with the number of rows; broken off, it is called again. It
 * answers the rows that the call erased. From the first call on the period takes no record.
 *
 * @throws RenkeiError an option error
 */
export function recordEraser(options: RecordEraserOptions): RecordEraser {
  checkOptions('recordEraser', options, {
    store: required(objectRule('a record file')),
    batchRows: integerRule(1, 100_000),
    onProgress: functionRule,
    now: functionRule,
    signal: signalRule,
  });
  const { store, batchRows = DEFAULT_BATCH_ROWS, onProgress, now = Date.now, signal } = options;
  return {
    async erase(period) {
      for (let rows = 0; ; onProgress?.(rows)) {
        const erased = await store.erase({ period, limit: batchRows, at: now(), ...signalOption(signal) });
        if (erased === 0) return { rows };
        rows += erased;
      }
    },
  };
}
