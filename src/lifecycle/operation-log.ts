import type { OptionRule } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';

/** What a member of an entry's details may be. */
export type LogValue = string | number | boolean | readonly (string | number)[];

/** Details of an entry, by name: 1 to 32 letters each. Never an identifier of a person, a PIN or a key. */
export type LogDetails = Readonly<Record<string, LogValue>>;

/** What is to be written into the operation log. */
export interface LogDraft {
  /** What happened: words of a–z and 0–9 with hyphens, separated by dots, such as `rotation.switched`; at most 64. */
  readonly event: string;
  /** Default: none. */
  readonly details?: LogDetails;
}

/** Where appended entries stand. */
export interface LogAppended {
  /** Index of the first one. */
  readonly first: number;
  /** Their moment, in milliseconds since 1970-01-01 UTC: the caller's, or that of the entry before when that is later. */
  readonly at: number;
}

/** Options of every call of a log or of a record file. */
export interface LogCallOptions {
  /** Gives up with `ABORTED` before the transaction is committed: nothing of it is stored then. */
  readonly signal?: AbortSignal;
}

/** Whatever writes into the operation log: what those who do the operations know of it. */
export interface OperationLog {
  /**
   * Appends entries, durable when the promise resolves.
   *
   * @throws RenkeiError `LOG_ENTRY_INVALID` or a store error: the operation is not to happen then
   */
  append(drafts: readonly LogDraft[], options?: LogCallOptions): Promise<LogAppended>;
}

/** The rule for an operation log among options. */
export const operationLogRule: OptionRule = {
  expects: 'an operation log',
  check: (value) =>
    typeof value === 'object' && value !== null && typeof (value as OperationLog).append === 'function',
};

/** An operation that goes into the log. */
export interface LoggedOperation<Result> {
  /** Where it goes; nowhere when undefined. */
  readonly log: OperationLog | undefined;
  /** Such as `rotation.switch`. */
  readonly event: string;
  /** What is to be done. */
  readonly details: LogDetails;
  /** Does it. */
  readonly run: () => Promise<Result>;
  /** What came of it. */
  readonly outcome: (result: Result) => LogDetails;
  /**
   * The operation cannot be done again, and nobody else has its result: it is given even where the second entry cannot
   * be written. Default: false, and to do the operation again gives the result and writes the entry.
   */
  readonly isResultUnique?: boolean;
}

/**
 * Does what the log knows of before it happens and after. An entry `….begun` is durable before the operation; where it
 * cannot be, the operation does not happen. After it follows `….done` with what came of it, or `….failed` with the error's
 * code; both name the index of the first in `begun`. An entry without a second one says that the operation may have been
 * done: its process was killed, or the log was not to be had any more.
 *
 * @throws RenkeiError what appending throws; when it is the second entry that fails, after the operation was done, and
 *   not where the result is unique. What the operation throws comes first
 */
export async function logged<Result>({
  log,
  event,
  details,
  run,
  outcome,
  isResultUnique = false,
}: LoggedOperation<Result>): Promise<Result> {
  if (log === undefined) return run();
  const { first: begun } = await log.append([{ event: `${event}.begun`, details }]);
  let result: Result;
  try {
    result = await run();
  } catch (error) {
    const code = error instanceof RenkeiError ? error.code : 'unknown';
    try {
      await log.append([{ event: `${event}.failed`, details: { begun, code } }]);
    } catch {
      // Why the operation failed is what its caller must know.
    }
    throw error;
  }
  try {
    await log.append([{ event: `${event}.done`, details: { begun, ...outcome(result) } }]);
  } catch (error) {
    if (!isResultUnique) throw error;
  }
  return result;
}
