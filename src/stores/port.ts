import type { KeyName } from '../codes/key-names.js';
import type { InstitutionCode } from '../subjects/institution-code.js';

/** Rows that one batch, which is one transaction, may hold. */
export const MAX_BATCH_ROWS = 100_000;

/** A key the issuance knows (機関別パラメータ for an institution's). */
export interface KeyRecord {
  /** The key's name. */
  readonly name: KeyName;
  /** 16 lower-case hex digits. Unique in a store: two audiences never share a key. */
  readonly fingerprint: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly registeredAt: number;
}

/** What a write did. `existed`: the same was there already, so a retry is safe. `conflict`: nothing was changed. */
export type WriteOutcome = 'inserted' | 'existed' | 'conflict';

/** Codes issued to one institution, one row a person. */
export interface IssuanceBatch {
  /** 機関コード. */
  readonly institution: InstitutionCode;
  /** Version of the institution's key the codes are made under. */
  readonly keyVersion: number;
  /** Generation of the linkage codes. */
  readonly generation: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly issuedAt: number;
  /** n × 24 bytes: the persons' codes at the issuance store. */
  readonly storeCodes: Uint8Array;
}

/** Rows of a store. */
export interface StoreCounts {
  /** Keys on record. */
  readonly keys: number;
  /** People with a code at any institution. */
  readonly persons: number;
  /** Codes issued: one a person and institution. */
  readonly issuances: number;
}

/**
 * 連携用符号発行管理ファイル: the issuance store. It knows a person only by the store code, which is a linkage code
 * wrapped under the store's key; it never sees a resident record code, a linkage code or an institution's code of a
 * person. Every unique key contains the store code, so that a store may be spread by it.
 *
 * All methods are safe to repeat, and an empty batch touches nothing. Calls may run at the same time, in one process
 * or in several: each sees all that was written when it began, and of two that want the same row or key one gets it.
 * The caller leaves a buffer as it is until the promise settles; the store keeps none after that. None throws
 * synchronously. Errors of every method: `STORE_CLOSED`, `STORE_FAULT` (retryable), `STORE_CORRUPT`.
 */
export interface IssuanceStore {
  /**
   * Records the link and store keys that the store is begun with, all or none, so that of several processes that open
   * an empty store at once one decides. `existed` when the link and store keys on record are exactly these;
   * `conflict`, and no change, when they are others, or when a fingerprint stands with another name.
   *
   * @throws RenkeiError `KEY_NAME_INVALID` or `OPTION_INVALID`
   */
  begin(records: readonly KeyRecord[]): Promise<WriteOutcome>;

  /**
   * Records a key. `existed` when the same name and fingerprint are there; `conflict`, and no change, when the name
   * stands with another fingerprint or the fingerprint with another name. An institution is known from its first
   * key on.
   *
   * @throws RenkeiError `KEY_NAME_INVALID` or `OPTION_INVALID`
   */
  registerKey(record: KeyRecord): Promise<WriteOutcome>;

  /** All keys, ordered by the character codes of their names: `B` comes before `a`. */
  listKeys(): Promise<readonly KeyRecord[]>;

  /**
   * Records that codes were issued, in one transaction that is durable when the promise resolves: all rows or none.
   * One primary key decides both "the same request again" and "someone else got there first". The institution must be
   * known; that the version is one of its keys is the issuer's to see to.
   *
   * @returns one byte a row: 0 when this call inserted it, else the key version under which the institution had the
   *   person's code already. Of equal rows in one batch the first is inserted.
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `BUFFER_LENGTH`, `BATCH_TOO_LARGE`, `INSTITUTION_CODE_INVALID`,
   *   `VERSION_INVALID`, `GENERATION_INVALID` or `OPTION_INVALID` (a date)
   */
  issue(batch: IssuanceBatch): Promise<Uint8Array>;

  /**
   * Looks up under which key version an institution has a person's code.
   *
   * @param storeCodes n × 24 bytes
   * @returns one byte a row: the key version, 0 for none
   * @throws RenkeiError `INSTITUTION_UNKNOWN`, `BUFFER_LENGTH` or `BATCH_TOO_LARGE`
   */
  heldVersions(institution: InstitutionCode, storeCodes: Uint8Array): Promise<Uint8Array>;

  /** Counts the rows; may take long on a large store. */
  count(): Promise<StoreCounts>;

  /** Refuses new calls, lets the running ones end and closes. May be called twice. */
  close(): Promise<void>;

  /** The same as {@link IssuanceStore.close}. */
  [Symbol.asyncDispose](): Promise<void>;
}
