import { RenkeiError } from '../../errors/renkei-error.js';

/** What a call of the file system failed with, such as `ENOSPC`. */
function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** True when a call of the file system failed with this. */
export function isErrno(error: unknown, errno: string): boolean {
  return errnoOf(error) === errno;
}

/** The error for a call of the file system that failed. Paths stay out of it: they are the caller's. */
export function spillFault(what: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || error instanceof RenkeiError) return error;
  return new RenkeiError('SPILL_FAULT', `the spill folder: ${what} failed (${errno})`);
}

/** Runs a call of the file system. */
export function onDisk<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw spillFault(what, error);
  }
}

/** The error for spill files that are not as they were written. */
export function spillCorrupt(what: string): RenkeiError {
  return new RenkeiError('SPILL_CORRUPT', `the spill folder: ${what}`);
}
