import { createHash } from 'node:crypto';
import { institutionAudience, type KeyName, linkKey, storeAudience } from '../codes/key-names.js';
import { packCodes } from '../codes/packed-codes.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import type {
  ChangeBatch,
  IssuanceBatch,
  IssuanceStore,
  KeyRecord,
  KeyState,
  RecordedKey,
} from '../stores/port.js';
import { type InstitutionCode, parseInstitutionCode } from '../subjects/institution-code.js';

/** The two institutions that every case finds registered. */
export const A = parseInstitutionCode('A1');
export const B = parseInstitutionCode('B2');
/** One that is not registered. */
export const UNKNOWN = parseInstitutionCode('Unknown');

/** A store code that is the same for the same number. No store can tell it from a real one. */
export function storeCode(number: number): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(`person ${number}`).digest().subarray(0, CODE_LENGTH));
}

/** Store codes of numbered people, packed: n × 24 bytes. */
export function storeCodes(...numbers: readonly number[]): Uint8Array {
  return packCodes(numbers.map(storeCode));
}

/** A batch with what does not matter filled in: version 1, generation 1, one second after 1970. */
export function batchOf(
  institution: InstitutionCode,
  codes: Uint8Array,
  changes: Partial<IssuanceBatch> = {},
): IssuanceBatch {
  return { institution, keyVersion: 1, generation: 1, issuedAt: 1_000, storeCodes: codes, ...changes };
}

/**
 * Changes of numbered people's codes, with what does not matter filled in.
 *
 * @param pairs the numbers of the old and of the new code
 */
export function changeOf(
  pairs: readonly (readonly [number, number])[],
  changes: Partial<ChangeBatch> = {},
): ChangeBatch {
  return {
    generation: 1,
    changedAt: 2_000,
    oldCodes: storeCodes(...pairs.map(([oldCode]) => oldCode)),
    newCodes: storeCodes(...pairs.map(([, newCode]) => newCode)),
    ...changes,
  };
}

/** A key on record; the fingerprint is filled up to its length. */
export function keyRecord(name: KeyName, fingerprint: string): KeyRecord {
  return { name, fingerprint: fingerprint.padEnd(16, '0'), registeredAt: 1_000 };
}

/** What a store is begun with: two generations of link keys and the third store key. */
export const BEGINNING: readonly KeyRecord[] = [
  keyRecord(linkKey(1), 'f1'),
  keyRecord(linkKey(2), 'f2'),
  keyRecord(storeAudience(3), 'f3'),
];

/** A key as it is listed after its registration. */
export function recordedKey(record: KeyRecord, state: KeyState, generation?: number): RecordedKey {
  const since = { [state]: record.registeredAt };
  return { ...record, state, since, ...(generation === undefined ? {} : { generation }) };
}

/** Those keys as they are listed after the beginning. */
export const BEGUN: readonly RecordedKey[] = [
  recordedKey(BEGINNING[0] as KeyRecord, 'retired', 1),
  recordedKey(BEGINNING[1] as KeyRecord, 'active', 2),
  recordedKey(BEGINNING[2] as KeyRecord, 'active', 2),
];

/** Registers the first key of institutions, with a fingerprint made of their codes. */
export async function registerInstitutions(
  store: Pick<IssuanceStore, 'registerKey'>,
  ...institutions: readonly InstitutionCode[]
): Promise<void> {
  for (const institution of institutions) {
    const fingerprint = Buffer.from(institution).toString('hex').slice(0, 16);
    await store.registerKey(keyRecord(institutionAudience(institution, 1), fingerprint));
  }
}

/** The first and the last moment that a store takes, in Japan. */
export const EARLIEST = Date.parse('0001-01-01T00:00:00+09:00');
export const LATEST = Date.parse('9999-12-31T23:59:59.999+09:00');

/** Numbers from `first` on. */
export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, k) => first + k);
}
