import type { InstitutionCode } from '../subjects/institution-code.js';

/** Codes issued to one institution on one day (符号生成に関する統計). */
export interface IssuanceStatistic {
  /** 機関コード. */
  readonly institution: InstitutionCode;
  /** Version of the institution's key. */
  readonly keyVersion: number;
  /** Day in Japan, as `2026-04-01`. */
  readonly day: string;
  /** Codes issued that are still on record. */
  readonly issued: number;
}

/** What must hold in a store, by name. docs/stores/ explains each. */
export type StoreInvariant =
  | 'storage-intact'
  | 'key-name-valid'
  | 'key-fingerprint-distinct'
  | 'institution-has-key'
  | 'store-code-length'
  | 'person-generation-has-key'
  | 'alias-leads-to-person'
  | 'alias-has-no-issuance'
  | 'issuance-has-person'
  | 'issuance-has-institution'
  | 'issuance-version-has-key'
  | 'succession-leads-from-person'
  | 'audience-has-one-active-key';

/** An invariant that does not hold. */
export interface StoreFinding {
  /** What is broken. */
  readonly invariant: StoreInvariant;
  /** How many rows break it. */
  readonly rows: number;
  /** More in words; never a code. */
  readonly detail?: string;
}

/** Rows of a store. */
export interface StoreCounts {
  /** Keys on record. */
  readonly keys: number;
  /** People, each counted once however often the resident record code was changed. */
  readonly persons: number;
  /** Store codes of changed resident record codes: other names of people who are counted. */
  readonly aliases: number;
  /** Codes issued: one a person and institution. */
  readonly issuances: number;
}
