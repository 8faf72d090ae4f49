import { decodeBase32, encodeBase32 } from '../bytes/base32.js';
import type { Branded } from '../bytes/branded.js';
import type { RenkeiErrorCode } from '../errors/codes.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { HIGHEST_VERSION } from './key-names.js';

/** Bytes of a code of any audience: 128 bits under AES Key Wrap (RFC 3394 section 2.2.1). */
export const CODE_LENGTH = 24;

/** Characters of an institution's code in its external form: 25 bytes in base32. */
export const TEXT_LENGTH = 40;

/**
 * 情報提供用個人識別符号: the code under which one institution knows one person, in its external form: 40 characters
 * of lower-case base32 over the version byte and the 24 code bytes. By 番号法2条9項 it is to be guarded like an
 * Individual Number. Only the parser and the issuer make one.
 */
export type PerInstitutionCode = Branded<'PerInstitutionCode'>;

/** An external form taken apart. */
export interface ParsedPerInstitutionCode {
  /** Version of the institution's key, 1 to 255. */
  readonly version: number;
  /** The 24 code bytes. */
  readonly code: Uint8Array;
}

/**
 * Writes an institution's code in its external form.
 *
 * @param code 24 bytes
 * @param version version of the institution's key, 1 to 255
 * @throws RenkeiError `BUFFER_LENGTH` or `CODE_VERSION_INVALID`
 */
export function formatPerInstitutionCode(code: Uint8Array, version: number): PerInstitutionCode {
  if (code.length !== CODE_LENGTH) throw new RenkeiError('BUFFER_LENGTH', `a code has ${CODE_LENGTH} bytes`);
  if (!Number.isInteger(version) || version < 1 || version > HIGHEST_VERSION) {
    throw new RenkeiError('CODE_VERSION_INVALID', `a code's version is 1 to ${HIGHEST_VERSION}`);
  }
  const bytes = new Uint8Array(CODE_LENGTH + 1);
  bytes[0] = version;
  bytes.set(code, 1);
  return encodeBase32(bytes) as PerInstitutionCode;
}

/** Takes an external form apart, or says what is wrong with it. For batches, where nothing may throw. */
export function readPerInstitutionCode(text: unknown): ParsedPerInstitutionCode | RenkeiErrorCode {
  if (typeof text !== 'string' || text.length !== TEXT_LENGTH) return 'CODE_LENGTH';
  const bytes = decodeBase32(text);
  if (bytes === undefined) return 'CODE_CHARACTER';
  const version = bytes[0] as number;
  if (version === 0) return 'CODE_VERSION_INVALID';
  return { version, code: bytes.subarray(1) };
}

const MESSAGES: Partial<Record<RenkeiErrorCode, string>> = {
  CODE_LENGTH: `an institution's code has ${TEXT_LENGTH} characters`,
  CODE_CHARACTER: "an institution's code consists of a-z and 2-7 only",
  CODE_VERSION_INVALID: "an institution's code names a key version from 1 to 255",
};

/**
 * Takes an external form apart; accepts exactly what {@link formatPerInstitutionCode} writes and nothing else.
 *
 * @throws RenkeiError `CODE_LENGTH`, `CODE_CHARACTER` or `CODE_VERSION_INVALID`
 */
export function parsePerInstitutionCode(text: string): ParsedPerInstitutionCode {
  const parsed = readPerInstitutionCode(text);
  if (typeof parsed === 'string') throw new RenkeiError(parsed, MESSAGES[parsed] as string);
  return parsed;
}
