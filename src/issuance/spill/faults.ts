import { errnoOf, fileFault } from '../../errors/file-fault.js';
import { RenkeiError } from '../../errors/renkei-error.js';

/** True when a call of the file system failed with this. */
export function isErrno(error: unknown, errno: string): boolean {
  return errnoOf(error) === errno;
}

/** The error for a call of the file system that failed. */
export function spillFault(what: string, error: unknown): unknown {
  return fileFault('SPILL_FAULT', 'the spill folder', what, error);
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
