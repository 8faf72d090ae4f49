import { rowCount } from '../bytes/packed.js';
import { institutionAudience, linkKey, parseKeyName, storeAudience } from '../codes/key-names.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { throwIfAborted } from '../errors/abort.js';
import { checkOptions, integerRule, required, signalRule } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import {
  type ChangeBatch,
  type IssuanceBatch,
  type KeyRecord,
  MAX_BATCH_ROWS,
  type PageRequest,
  type StoreCallOptions,
  type Successors,
  type WriteOutcome,
} from './port.js';
import type { SuccessorPairs } from './rotation-port.js';

/** The checks every store makes alike. */

/** Number of rows in a batch of store codes. */
export function checkStoreCodes(storeCodes: Uint8Array): number {
  const rows = rowCount(storeCodes, CODE_LENGTH, 'storeCodes');
  if (rows > MAX_BATCH_ROWS) {
    throw new RenkeiError('BATCH_TOO_LARGE', `a batch has at most ${MAX_BATCH_ROWS} rows, this one ${rows}`);
  }
  return rows;
}

/** The same for a batch that is to be written: what is read back later must be what was given. */
export function checkIssuance(batch: IssuanceBatch): number {
  institutionAudience(batch.institution, batch.keyVersion);
  linkKey(batch.generation);
  checkMoment('issuedAt', batch.issuedAt);
  const rows = checkStoreCodes(batch.storeCodes);
  checkSuccessors(batch.successors, rows);
  return rows;
}

/** Checks changes that are to be written; gives the number of pairs. */
export function checkChange({ generation, changedAt, oldCodes, newCodes, successors }: ChangeBatch): number {
  linkKey(generation);
  checkMoment('changedAt', changedAt);
  const pairs = checkPairs({ oldCodes, newCodes });
  checkSuccessors(successors, pairs);
  return pairs;
}

/** Checks codes that belong together row by row; gives the number of pairs. */
export function checkPairs({ oldCodes, newCodes }: SuccessorPairs): number {
  const pairs = checkStoreCodes(oldCodes);
  if (checkStoreCodes(newCodes) !== pairs) {
    throw new RenkeiError('BUFFER_LENGTH', `${newCodes.length} bytes of new codes for ${pairs} old ones`);
  }
  return pairs;
}

function checkSuccessors(successors: Successors | undefined, rows: number): void {
  if (successors === undefined) return;
  storeAudience(successors.storeKeyVersion);
  if (checkStoreCodes(successors.codes) !== rows) {
    throw new RenkeiError('BUFFER_LENGTH', `${successors.codes.length} bytes of successors for ${rows} rows`);
  }
}

const CALL_RULES = {
  signal: signalRule,
  epoch: { ...integerRule(0, Number.MAX_SAFE_INTEGER), expects: 'a whole number from 0 on' },
};

const PAGE_RULES = {
  after: {
    expects: `${CODE_LENGTH} bytes`,
    check: (value: unknown) => value instanceof Uint8Array && value.length === CODE_LENGTH,
  },
  limit: required(integerRule(1, MAX_BATCH_ROWS)),
  ...CALL_RULES,
};

/** Checks which page is wanted, and that it still is. */
export function checkPage(page: PageRequest): void {
  checkOptions('page', page, PAGE_RULES);
  throwIfAborted(page.signal);
}

/** Checks the options of a store call, and that the caller has not given up. */
export function checkStoreCall(call: string, options: StoreCallOptions): void {
  checkOptions(call, options, CALL_RULES);
  throwIfAborted(options.signal);
}

/** Checks a key to be put on record. */
export function checkKeyRecord({ name, fingerprint, registeredAt, generation }: KeyRecord): void {
  const parsed = parseKeyName(name);
  if (typeof fingerprint !== 'string' || !/^[0-9a-f]{16}$/.test(fingerprint)) {
    throw new RenkeiError(
      'OPTION_INVALID',
      `the fingerprint of key ${name} must be 16 lower-case hex digits`,
    );
  }
  checkMoment('registeredAt', registeredAt);
  if (generation === undefined) return;
  linkKey(generation);
  if (parsed.kind === 'institution' || parsed.kind === 'store') return;
  if (parsed.kind === 'link' && parsed.generation === generation) return;
  throw new RenkeiError('OPTION_INVALID', `key ${name} is not of a generation that could be given`);
}

/** The first and the last moment whose day in Japan is written with ten characters, as statistics do. */
const EARLIEST = Date.parse('0001-01-01T00:00:00+09:00');
const LATEST = Date.parse('9999-12-31T23:59:59.999+09:00');

/** Checks a date that is to be written. */
export function checkMoment(what: string, moment: number): void {
  if (Number.isSafeInteger(moment) && moment >= EARLIEST && moment <= LATEST) return;
  throw new RenkeiError(
    'OPTION_INVALID',
    `${what} must be a whole number of milliseconds in the years 1 to 9999`,
  );
}

/**
 * What beginning a store comes to, by the keys on record.
 *
 * @param recorded all keys on record
 * @param given the link and store keys to begin with, checked
 */
export function outcomeOfBeginning(
  recorded: readonly Pick<KeyRecord, 'name' | 'fingerprint'>[],
  given: readonly KeyRecord[],
): WriteOutcome {
  const begunWith = recorded.filter(isBegunWith);
  if (!given.every(isBegunWith)) {
    throw new RenkeiError('KEY_NAME_INVALID', 'a store is begun with link keys and a store key');
  }
  if (new Set(given.map(({ name }) => name)).size < given.length) return 'conflict';
  if (begunWith.length > 0) {
    const fingerprints = new Map(begunWith.map(({ name, fingerprint }) => [name, fingerprint]));
    const same = given.every(({ name, fingerprint }) => fingerprints.get(name) === fingerprint);
    return same && given.length === begunWith.length ? 'existed' : 'conflict';
  }
  const all = [...recorded, ...given];
  const distinct = new Set(all.map(({ fingerprint }) => fingerprint)).size === all.length;
  return distinct ? 'inserted' : 'conflict';
}

function isBegunWith({ name }: Pick<KeyRecord, 'name'>): boolean {
  const { kind } = parseKeyName(name);
  return kind === 'link' || kind === 'store';
}

/** The error for codes that were made in another epoch of the keys. */
export function keysChanged(): RenkeiError {
  return new RenkeiError('KEYS_CHANGED', 'keys were switched or retired since these codes were made');
}

/** The error for an institution no key is registered for. */
export function unknownInstitution(institution: InstitutionCode): RenkeiError {
  return new RenkeiError('INSTITUTION_UNKNOWN', `institution ${institution} is not registered in this store`);
}
