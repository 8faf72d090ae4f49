import type { LogHead } from '../../log-port.js';
import type { RecordPeriodState } from '../../record-port.js';
import type { FirstRead } from '../first-read.js';
import type { Layout } from '../layouts/layout.js';
import { ONE_SERVER } from '../layouts/one-server.js';

/** How the file stands when a transaction begins. */
export interface FileState {
  /** The end of the log. */
  readonly head: LogHead;
  /** The serial number to be given next. */
  readonly nextSerial: number;
  /** All periods, by their names. */
  readonly periods: readonly RecordPeriodState[];
}

interface StateRow extends Omit<LogHead, 'subtrees'> {
  readonly nextSerial: number;
  readonly subtrees: Uint8Array;
  /** As JSON. */
  readonly periods: string;
}

const HASH_LENGTH = 32;

const FILE_STATE: FirstRead<FileState> = {
  text: `SELECT next_serial AS "nextSerial", size, at, last, subtrees, (
      SELECT coalesce(json_agg(json_build_object('period', period, 'generation', generation,
        'leastGeneration', least_generation, 'rows', rows, 'erased', erased) ORDER BY period), '[]') FROM record_period
    ) AS periods FROM head`,
  of: (rows) => {
    const [{ nextSerial, size, at, last, subtrees, periods }] = rows as [StateRow];
    const hashes = Array.from({ length: subtrees.length / HASH_LENGTH }, (_, k) =>
      subtrees.slice(k * HASH_LENGTH, (k + 1) * HASH_LENGTH),
    );
    return { head: { size, at, last, subtrees: hashes }, nextSerial, periods: JSON.parse(periods) };
  },
};

/**
 * All on one server. Whoever writes holds the one row of `head` first, alone among those who write; nobody who reads
 * waits for it.
 */
export const RECORD_LAYOUT: Layout<FileState> = {
  plans: ONE_SERVER.plans,
  begin: {
    ...ONE_SERVER.begin,
    alone: 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT FROM head FOR UPDATE',
  },
  situation: FILE_STATE,
  rollback: ONE_SERVER.rollback,
  texts: new Map(),
};
