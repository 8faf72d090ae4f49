import type { RenkeiErrorCode } from './codes.js';
import { RenkeiError } from './renkei-error.js';

/** What a call of the file system failed with, such as `ENOSPC`; undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  const errno = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof errno === 'string' && !(error instanceof RenkeiError) ? errno : undefined;
}

/**
 * The error for a call of the file system that failed; any other error as it is. Paths stay out of it: they are the
 * caller's.
 *
 * @param subject what the file or folder is, such as `the spill folder`
 * @param what what was being done
 */
export function fileFault(code: RenkeiErrorCode, subject: string, what: string, error: unknown): unknown {
  const errno = errnoOf(error);
  return errno === undefined ? error : new RenkeiError(code, `${subject}: ${what} failed (${errno})`);
}
