import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { RenkeiError } from '../../errors/renkei-error.js';

/** A store code as it was read; a copy that is the caller's. */
export function storedCode(value: unknown): Uint8Array {
  return storedBytes(value, CODE_LENGTH, 'store code');
}

/** Bytes of one length as they were read; a copy that is the caller's. */
export function storedBytes(value: unknown, length: number, what: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw damagedRow(what);
  return new Uint8Array(value);
}

/** A text as it was read. */
export function storedText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw damagedRow(what);
  return value;
}

/** A number that counts, as it was read. */
export function storedCount(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw damagedRow(what);
  return value as number;
}

/** A key version or a generation as it was read. */
export function storedVersion(value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > 255)
    throw damagedRow('version');
  return value as number;
}

/** A moment as it was read. */
export function storedMoment(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw damagedRow('date');
  return value as number;
}

/** SQLite does not look at what a row holds: a damaged one may be read without complaint. */
export function damagedRow(what: string): RenkeiError {
  return new RenkeiError('STORE_CORRUPT', `a row of the database file holds no ${what} where one should be`);
}
