import {
  functionRule,
  integerRule,
  type OptionRule,
  objectRule,
  required,
  signalRule,
  textRule,
} from '../errors/options.js';
import type { Issuer } from '../issuance/issuer.js';
import { isPublicKeyHex } from '../signatures/p256.js';
import type { RecordStore } from '../stores/record-port.js';
import { REASON_RULE, type RecordChange } from './correction/correctable.js';
import { ON_BEHALF_RULES, type OnBehalf } from './on-behalf.js';

/** Options of {@link openRecords}. */
export interface RecordsOptions {
  /** Opens codes of people. Stays the caller's. */
  readonly issuer: Issuer;
  /** The record file. Stays the caller's. */
  readonly store: RecordStore;
  /** 機関コード under which people are known to 情報提供等記録開示システム (マイナポータル). */
  readonly disclosureSystem: string;
  /** The clock, in milliseconds since 1970-01-01 UTC. Default `Date.now`. */
  readonly now?: () => number;
}

/** What every duty works with. */
export interface RecordsContext {
  readonly issuer: Issuer;
  readonly store: RecordStore;
  readonly now: () => number;
}

/** A disclosure that is asked for. */
export interface DiscloseRequest extends OnBehalf {
  /** The person's code at the disclosure system, in external form. */
  readonly code: string;
  /** Where to go on: `next` of the page before. Default: the newest records. */
  readonly cursor?: string;
  /** Most items of the page, 1 to 1,000. Default 50. */
  readonly limit?: number;
  /** Gives up before the disclosure is logged; nothing is handed out then. */
  readonly signal?: AbortSignal;
}

/** A correction that is asked for. */
export interface CorrectRequest extends OnBehalf {
  /** 処理通番 of the record. */
  readonly serial: number;
  /**
   * 処理通番の枝番 that is to be corrected: with another one on record the correction is a conflict. Default: whichever
   * holds.
   */
  readonly branch?: number;
  /** What the record is to say. */
  readonly change: RecordChange;
  /** 記録事項変更事由: 1 to 1,000 characters. The person is shown it. */
  readonly reason: string;
  /** Gives up before anything is written. */
  readonly signal?: AbortSignal;
}

/** How far the taking in of new record codes has come. */
export interface TakeInProgress {
  /** Pairs of all files. */
  readonly pairs: number;
  /** Pairs that were dealt with so far. */
  readonly done: number;
  /** Rows that were put under new codes so far. */
  readonly rows: number;
}

/** New record codes that are to be taken in after a change of generation. */
export interface TakeInRequest {
  /** The record period. */
  readonly period: string;
  /** The signed receipts of the rotation: they list the files. */
  readonly receipts: {
    /** Of its verification. */
    readonly verify: string;
    /** Of its switch. */
    readonly switch: string;
  };
  /** The folder that the rotation delivered into. */
  readonly folder: string;
  /** The audit key's public half, from a source that is trusted: SubjectPublicKeyInfo (DER), bytes or lower-case hex. */
  readonly publicKey: Uint8Array | string;
  /** Told after each batch. */
  readonly onProgress?: (progress: TakeInProgress) => void;
  /** Gives up between batches; call again to go on. */
  readonly signal?: AbortSignal;
}

/** Options of `Records.statistics`. */
export interface RecordStatisticsOptions {
  /** Gives up between pages. */
  readonly signal?: AbortSignal;
}

type Rules = Readonly<Record<string, OptionRule>>;

export const RECORDS_RULES: Rules = {
  issuer: required(objectRule('an issuer')),
  store: required(objectRule('a record file')),
  disclosureSystem: required(textRule),
  now: functionRule,
};
export const DISCLOSE_RULES: Rules = {
  ...ON_BEHALF_RULES,
  code: required(textRule),
  cursor: textRule,
  limit: integerRule(1, 1_000),
  signal: signalRule,
};
export const CORRECT_RULES: Rules = {
  ...ON_BEHALF_RULES,
  serial: required(integerRule(1, Number.MAX_SAFE_INTEGER)),
  branch: integerRule(1, Number.MAX_SAFE_INTEGER),
  change: required(objectRule('an object with what is to be corrected')),
  reason: REASON_RULE,
  signal: signalRule,
};
export const TAKE_IN_RULES: Rules = {
  period: required(textRule),
  receipts: required({ expects: 'the receipts of verification and switch', check: isTwoReceipts }),
  folder: required(textRule),
  publicKey: required({
    expects: 'a P-256 SubjectPublicKeyInfo: bytes, or lower-case hex',
    check: (value) =>
      isPublicKeyHex(value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value),
  }),
  onProgress: functionRule,
  signal: signalRule,
};
export const RECORD_STATISTICS_RULES: Rules = { signal: signalRule };

function isTwoReceipts(value: unknown): boolean {
  const receipts = value as TakeInRequest['receipts'] | null;
  return typeof receipts?.verify === 'string' && typeof receipts.switch === 'string';
}
