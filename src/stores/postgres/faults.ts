import { RenkeiError } from '../../errors/renkei-error.js';

/** data_corrupted and index_corrupted (PostgreSQL's appendix A): repeating does not mend them. */
const CORRUPT = new Set(['XX001', 'XX002']);
/**
 * serialization_failure, deadlock_detected and lock_not_available: the same transaction may go through when made
 * anew.
 */
const PASSING = new Set(['40001', '40P01', '55P03']);

/**
 * The error of this library for a failure of PostgreSQL: its SQLSTATE, or the name of a network error, and nothing
 * else, since the server's own message may quote a value.
 */
export function storeError(during: string, error: unknown): RenkeiError {
  if (error instanceof RenkeiError) return error;
  const code = codeOf(error);
  if (CORRUPT.has(code))
    return new RenkeiError('STORE_CORRUPT', `${during}: the database is damaged (${code})`);
  return new RenkeiError('STORE_FAULT', `${during}: ${code}`);
}

/** True for a failure after which the whole transaction may be tried again at once. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(codeOf(error));
}

/** True when a transaction met what another one wrote after its snapshot (serialization_failure). */
export function isOvertaken(error: unknown): boolean {
  return codeOf(error) === '40001';
}

/** True when a row is there whose key a new one has (unique_violation). */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === '23505';
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // A SQLSTATE, or a network error such as ECONNREFUSED. Nothing that could be a value of a row looks like either.
  return typeof code === 'string' && /^([0-9A-Z]{5}|E[A-Z]{3,20})$/.test(code) ? code : 'no SQLSTATE';
}
