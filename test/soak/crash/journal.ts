import { writeSync } from 'node:fs';

/** What a worker asks the library to do; residents are named by their numbers. */
export type Action =
  | IssueAction
  | { readonly kind: 'change'; readonly residents: readonly number[]; readonly to: readonly number[] }
  | { readonly kind: 'remove'; readonly residents: readonly number[] };

/** Issuing, in one transaction; a bulk load stores its rows at many instants. */
export interface IssueAction {
  readonly kind: 'issue' | 'load';
  readonly institution: string;
  readonly residents: readonly number[];
}

/**
 * A line of a worker: before the library is called, when its promise has resolved, and when it was rejected. `at` is
 * the system's monotonic clock in nanoseconds, one for all processes.
 */
export type JournalLine =
  | { readonly event: 'begin'; readonly operation: string; readonly at: string; readonly action: Action }
  | {
      readonly event: 'end';
      readonly operation: string;
      readonly at: string;
      readonly answers: readonly string[];
    }
  | {
      readonly event: 'failed';
      readonly operation: string;
      readonly at: string;
      readonly error: string;
      /** The worker makes the operation again. */
      readonly retryable: boolean;
    };

const STANDARD_OUTPUT = 1;
const FULL_PIPE_MS = 1;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

type Entry<Line> = Line extends JournalLine ? Omit<Line, 'at'> : never;

/** Writes a line. It is with the parent when this returns, whatever happens to this process after that. */
export function writeJournal(entry: Entry<JournalLine>): void {
  const line = Buffer.from(`${JSON.stringify({ ...entry, at: String(process.hrtime.bigint()) })}\n`);
  for (let written = 0; written < line.length; ) {
    try {
      written += writeSync(STANDARD_OUTPUT, line, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      // The pipe is full: the parent has something else to do.
      Atomics.wait(NEVER, 0, 0, FULL_PIPE_MS);
    }
  }
}

/** Reads the lines of a worker; the last may have been cut off by its end. */
export function readJournal(lines: readonly string[]): JournalLine[] {
  return lines.flatMap((line, k) => {
    try {
      return [JSON.parse(line) as JournalLine];
    } catch (error) {
      if (k === lines.length - 1) return [];
      throw error;
    }
  });
}
