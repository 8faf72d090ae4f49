import type { InstitutionCode } from '../subjects/institution-code.js';
import type { PageRequest, StoreCallOptions, WriteOutcome } from './calls.js';
import type { KeyRecord, RecordedKey } from './key-record.js';
import type { RotationStore } from './rotation-port.js';
import type { IssuanceStatistic, StoreCounts, StoreFinding } from './whole-store.js';

export {
  type KeyState,
  MAX_BATCH_ROWS,
  type PageRequest,
  type StoreCallOptions,
  type WriteOutcome,
} from './calls.js';
export type { KeyRecord, RecordedKey } from './key-record.js';
export type { IssuanceStatistic, StoreCounts, StoreFinding, StoreInvariant } from './whole-store.js';

/** Codes issued to one institution, one row a person. */
export interface IssuanceBatch {
  /** 機関コード. */
  readonly institution: InstitutionCode;
  /**
   * Version of the institution's key the codes are made under. The row keeps it for good: after a rotation the person
   * has a code under every later version too.
   */
  readonly keyVersion: number;
  /** Generation of the linkage codes. */
  readonly generation: number;
  /** Milliseconds since 1970-01-01 UTC, in the years 1 to 9999. */
  readonly issuedAt: number;
  /** n × 24 bytes: the persons' codes at the issuance store. */
  readonly storeCodes: Uint8Array;
  /** The same persons under the store key that a running rotation leads to. */
  readonly successors?: Successors;
}

/**
 * Store codes of the same people under the store key of a running rotation, which are not used before its switch. They
 * are recorded as `succeed` does, of rows that are on record when the call ends and of pairs without a conflict.
 */
export interface Successors {
  /** Version of that store key. With another than the running rotation's they are passed over. */
  readonly storeKeyVersion: number;
  /** n × 24 bytes. */
  readonly codes: Uint8Array;
}

/** What a store knows of the rows of a batch. */
export interface HeldRows {
  /**
   * One byte a row: the key version under which the institution holds the person's code, 0 for none. Of a batch that
   * is being issued, 0 for a row that this call inserted.
   */
  readonly versions: Uint8Array;
  /**
   * By row, the person's own store code where the given one is another of the same person: the resident record code
   * was changed, or the given one is under the other store key of a rotation. It is under the active store key, and
   * codes are made from it.
   */
  readonly canonical: ReadonlyMap<number, Uint8Array>;
  /** Those of these rows whose code is of a changed resident record code (an alias). */
  readonly aliases: ReadonlySet<number>;
}

/** Changes of resident record codes (住民票コードの変更), old and new together. */
export interface ChangeBatch {
  /** Generation of the linkage codes. */
  readonly generation: number;
  /** Milliseconds since 1970-01-01 UTC, in the years 1 to 9999. */
  readonly changedAt: number;
  /** n × 24 bytes: the store codes of the old resident record codes. */
  readonly oldCodes: Uint8Array;
  /** n × 24 bytes: those of the new ones, in the same order. */
  readonly newCodes: Uint8Array;
  /** The new ones under the store key that a running rotation leads to. */
  readonly successors?: Successors;
}

/** What a physical deletion removed of one person. */
export interface RemovedPerson {
  /**
   * Store codes removed: the person's own and those of changed resident record codes. 0: the store did not know the
   * code.
   */
  readonly storeCodes: number;
  /** Codes of institutions that are gone, ordered by institution. */
  readonly issuances: readonly RemovedIssuance[];
}

/** An issuance that a physical deletion removed. */
export interface RemovedIssuance {
  /** 機関コード. */
  readonly institution: InstitutionCode;
  /** Version of the institution's key. */
  readonly keyVersion: number;
  /** Milliseconds since 1970-01-01 UTC, in the years 1 to 9999. */
  readonly issuedAt: number;
}

/** What a row says of an issued code. */
export interface IssuanceDetails {
  /** Version of the institution's key. */
  readonly keyVersion: number;
  /** Generation of the person's linkage code. */
  readonly generation: number;
  /** 発行日時, in milliseconds since 1970-01-01 UTC. */
  readonly issuedAt: number;
}

/** People, in the order of their store codes. A page shorter than its limit is the last. */
export interface PersonPage {
  /** n × 24 bytes. */
  readonly storeCodes: Uint8Array;
  /** n bytes: generation of each. */
  readonly generations: Uint8Array;
  /** By row, the person's own store code where this one is of a changed resident record code. */
  readonly canonical: ReadonlyMap<number, Uint8Array>;
}

/** Issuances of one institution, in the order of their store codes. A page shorter than its limit is the last. */
export interface IssuancePage {
  /** n × 24 bytes: the persons' own store codes. */
  readonly storeCodes: Uint8Array;
  /** n bytes: key version of each. */
  readonly keyVersions: Uint8Array;
}

/**
 * 連携用符号発行管理ファイル: the issuance store. It knows a person only by the store code, which is a linkage code
 * wrapped under the store's key; it never sees a resident record code, a linkage code or an institution's code of a
 * person. Every unique key contains the store code, so that a store may be spread by it.
 *
 * A person has one store code of their own, and one more for every change of the resident record code: an alias, which
 * leads to the person's own in one step. Issuances stand with the person's own.
 *
 * All methods are safe to repeat, and an empty batch touches nothing. Calls may run at the same time, in one process
 * or in several: each sees all that was written when it began, and of two that want the same row or key one gets it.
 * The caller leaves a buffer as it is until the promise settles; the store keeps none after that. None throws
 * synchronously. Errors of every method: `STORE_CLOSED`, `STORE_FAULT` (retryable), `STORE_CORRUPT`, `ABORTED`, and
 * `KEYS_CHANGED` (retryable) when an epoch was given.
 */
export interface IssuanceStore extends RotationStore {
  /**
   * Records the link and store keys that the store is begun with, all or none, so that of several processes that open an
   * empty store at once one decides. The highest link key and the highest store key are `active`, those below `retired`.
   * `existed` when the link and store keys on record are exactly these; `conflict`, and no change, when they are others,
   * when a name is given twice, or when a fingerprint stands with another name.
   *
   * @throws RenkeiError `KEY_NAME_INVALID`, `GENERATION_INVALID` or `OPTION_INVALID`
   */
  begin(records: readonly KeyRecord[], options?: StoreCallOptions): Promise<WriteOutcome>;

  /**
   * Records a key. `existed`, and no change, when the same name and fingerprint are there, whatever its date and
   * generation; `conflict`, and no change, when the name stands with another fingerprint or the fingerprint with
   * another name. An institution is known from its first key on. The first key of an audience is `active` at once, a
   * further version `pre-active` until a rotation switches to it. Every record period is an audience of its own.
   *
   * @throws RenkeiError `KEY_NAME_INVALID`, `GENERATION_INVALID` or `OPTION_INVALID`
   */
  registerKey(record: KeyRecord, options?: StoreCallOptions): Promise<WriteOutcome>;

  /** All keys with their states, ordered by the character codes of their names: `B` comes before `a`. */
  listKeys(options?: StoreCallOptions): Promise<readonly RecordedKey[]>;

  /**
   * Records that codes were issued, in one transaction that is durable when the promise resolves: all rows or none.
   * One primary key decides both "the same request again" and "someone else got there first". The institution must be
   * known; that the version is its active one is the issuer's to see to (`epoch`). Rows in the order of their codes are
   * stored fastest. Of rows of one person in one batch, equal or by a changed resident record code, the first is
   * inserted and the others find it there.
   *
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `BUFFER_LENGTH`, `BATCH_TOO_LARGE`, `INSTITUTION_CODE_INVALID`,
   *   `VERSION_INVALID`, `GENERATION_INVALID` or `OPTION_INVALID` (a date)
   */
  issue(batch: IssuanceBatch, options?: StoreCallOptions): Promise<HeldRows>;

  /**
   * Looks up under which key version an institution has a person's code.
   *
   * @param storeCodes n × 24 bytes
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `BUFFER_LENGTH` or `BATCH_TOO_LARGE`
   */
  lookUp(institution: InstitutionCode, storeCodes: Uint8Array, options?: StoreCallOptions): Promise<HeldRows>;

  /**
   * What the rows of an institution say (連携用符号管理情報), one entry a code; `undefined` where it has none.
   *
   * @param storeCodes n × 24 bytes
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `BUFFER_LENGTH` or `BATCH_TOO_LARGE`
   */
  details(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options?: StoreCallOptions,
  ): Promise<readonly (IssuanceDetails | undefined)[]>;

  /**
   * Which institutions hold a code of a person (通知先), one entry a code, each ordered by character codes; empty for
   * a person the store does not know.
   *
   * @param storeCodes n × 24 bytes
   * @throws RenkeiError `BUFFER_LENGTH` or `BATCH_TOO_LARGE`
   */
  holders(
    storeCodes: Uint8Array,
    options?: StoreCallOptions,
  ): Promise<readonly (readonly InstitutionCode[])[]>;

  /**
   * Records changes of resident record codes, one after the other in one transaction. `inserted`: the new code now
   * leads to the person of the old one, who keeps all codes; a person who was not known is known from now on.
   * `existed`: both lead to one person already, or are one code. `conflict`: the new code is another person's; nothing
   * changed for this pair.
   *
   * @returns one outcome a pair
   * @throws RenkeiError `BUFFER_LENGTH`, `BATCH_TOO_LARGE`, `GENERATION_INVALID` or `OPTION_INVALID` (a date)
   */
  change(batch: ChangeBatch, options?: StoreCallOptions): Promise<readonly WriteOutcome[]>;

  /**
   * Deletes people for good (物理削除): their own store codes, their aliases and all issuances, in one transaction.
   * Any of a person's store codes names the person, under either store key of a rotation. Again changes nothing and
   * says so.
   *
   * @param storeCodes n × 24 bytes
   * @returns what was removed, one entry a code; of codes of one person the first has it all
   * @throws RenkeiError `BUFFER_LENGTH` or `BATCH_TOO_LARGE`
   */
  remove(storeCodes: Uint8Array, options?: StoreCallOptions): Promise<readonly RemovedPerson[]>;

  /**
   * Reads people page by page. Rows that stay are read once; what is written meanwhile may be read or not.
   *
   * @throws RenkeiError `OPTION_INVALID`
   */
  persons(page: PageRequest): Promise<PersonPage>;

  /**
   * Reads the issuances of an institution page by page, as {@link IssuanceStore.persons}.
   *
   * @throws RenkeiError `INSTITUTION_UNKNOWN` or `OPTION_INVALID`
   */
  issuances(institution: InstitutionCode, page: PageRequest): Promise<IssuancePage>;

  /**
   * Counts what was issued per institution, version and day, in this order; reads the whole store, so it may take
   * long.
   */
  statistics(options?: StoreCallOptions): Promise<readonly IssuanceStatistic[]>;

  /** Holds every invariant against every row; empty when all is well. Reads the whole store, so it may take long. */
  check(options?: StoreCallOptions): Promise<readonly StoreFinding[]>;

  /** Counts the rows; may take long on a large store. */
  count(options?: StoreCallOptions): Promise<StoreCounts>;

  /** Refuses new calls, lets the running ones end and closes. May be called twice. */
  close(): Promise<void>;

  /** The same as {@link IssuanceStore.close}. */
  [Symbol.asyncDispose](): Promise<void>;
}
