import {
  functionRule,
  integerRule,
  type OptionRule,
  required,
  signalRule,
  textRule,
} from '../errors/options.js';
import type { Issuer } from '../issuance/issuer.js';
import type { RecordStore } from '../stores/record-port.js';
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

type Rules = Readonly<Record<string, OptionRule>>;

const objectRule = (expects: string): OptionRule =>
  required({ expects, check: (value) => typeof value === 'object' && value !== null });

export const RECORDS_RULES: Rules = {
  issuer: objectRule('an issuer'),
  store: objectRule('a record file'),
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
