import { rowCount } from '../bytes/packed.js';
import { wipe } from '../bytes/wipe.js';
import {
  type Audience,
  type AuditKeyName,
  linkKey,
  parseAudience,
  parseAuditKey,
} from '../codes/key-names.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { checkOptions } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../subjects/resident-record-code.js';
import { CALL_RULES } from './call-limits.js';
import type { DeriveOptions, VaultCallOptions } from './port.js';

/** The checks that every vault makes alike, in one place: what is wrong with a call is the same error everywhere. */

/** Checks the options of a call that takes no others. */
export function checkCallOptions(what: string, options: VaultCallOptions): void {
  checkOptions(what, options, CALL_RULES);
}

/** Checks a call of `derive`; gives the number of rows. */
export function checkDerive(
  residents: Uint8Array,
  audiences: readonly Audience[],
  options: DeriveOptions,
): { readonly rows: number; readonly generation: number } {
  // The generation has an error code of its own, from linkKey().
  checkOptions('derive', options, { ...CALL_RULES, generation: { expects: '', check: () => true } });
  const rows = rowCount(residents, RESIDENT_RECORD_CODE_LENGTH, 'residents');
  checkAudiences(audiences);
  const generation = options.generation ?? 1;
  linkKey(generation);
  return { rows, generation };
}

/** Checks a call of `sign` or `publicKey`; gives the name of the audit key. */
export function checkAuditKey(what: string, key: AuditKeyName, options: VaultCallOptions): AuditKeyName {
  checkCallOptions(what, options);
  return parseAuditKey(key);
}

/** Checks a call of `sign`; gives the name of the audit key. */
export function checkSign(key: AuditKeyName, message: Uint8Array, options: VaultCallOptions): AuditKeyName {
  const name = checkAuditKey('sign', key, options);
  if (message instanceof Uint8Array) return name;
  throw new RenkeiError('OPTION_INVALID', 'sign: the message must be a Uint8Array');
}

/** Checks a call of `translate`; gives the number of rows. */
export function checkTranslate(
  codes: Uint8Array,
  from: Audience,
  to: readonly Audience[],
  options: VaultCallOptions,
): number {
  return checkRewrap('translate', codes, from, to, options);
}

/** Checks a call of `advance`; gives the number of rows. */
export function checkAdvance(
  codes: Uint8Array,
  from: Audience,
  generation: number,
  to: readonly Audience[],
  options: VaultCallOptions,
): number {
  const rows = checkRewrap('advance', codes, from, to, options);
  linkKey(generation);
  if (generation < 2) throw new RenkeiError('GENERATION_INVALID', 'advance leads to generation 2 or later');
  return rows;
}

function checkRewrap(
  what: string,
  codes: Uint8Array,
  from: Audience,
  to: readonly Audience[],
  options: VaultCallOptions,
): number {
  checkCallOptions(what, options);
  const rows = rowCount(codes, CODE_LENGTH, 'codes');
  checkAudiences(to);
  if (parseAudience(from).kind === 'record') {
    throw new RenkeiError('KEY_USAGE', `${from} is a record key: it wraps and never unwraps`);
  }
  return rows;
}

function checkAudiences(audiences: readonly Audience[]): void {
  if (!Array.isArray(audiences)) {
    throw new RenkeiError('KEY_NAME_INVALID', 'the audiences must be given as an array of key names');
  }
  for (const audience of audiences) parseAudience(audience);
}

/** Wipes the caller's residents, whatever was passed for them. */
export function wipeResidents(residents: unknown): void {
  if (ArrayBuffer.isView(residents)) wipe(residents);
}
