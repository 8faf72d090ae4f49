import { HIGHEST_VERSION } from '../codes/key-names.js';
import {
  booleanRule,
  functionRule,
  integerRule,
  type OptionRule,
  objectRule,
  required,
  signalRule,
  textRule,
} from '../errors/options.js';
import { type OperationLog, operationLogRule } from '../lifecycle/operation-log.js';
import { type IssuanceStore, MAX_BATCH_ROWS } from '../stores/port.js';
import type { Vault } from '../vault/port.js';
import type { IssuanceProgress } from './batches/issue-stream.js';

/** Options of `openIssuer`. */
export interface IssuerOptions {
  /** Where the keys are. Stays the caller's: closing the issuer does not close it. */
  readonly vault: Vault;
  /** Where issuances are recorded. Stays the caller's. */
  readonly store: IssuanceStore;
  /**
   * Generation of the linkage codes that an empty store is begun with, 1 to 255. Default 1. Later its record decides.
   */
  readonly generation?: number;
  /** Version of the store's key that an empty store is begun with, 1 to 255. Default 1. Later its record decides. */
  readonly storeKeyVersion?: number;
  /**
   * Where operations on keys, deletions, changes of resident record codes and loads are written down, before they happen
   * and after. What cannot be written down before does not happen. Default: nowhere. Stays the caller's.
   */
  readonly log?: OperationLog;
  /** The clock, in milliseconds since 1970-01-01 UTC. Default `Date.now`. */
  readonly now?: () => number;
  /**
   * Most calls of `Issuer.issue` that may wait for the vault, of all institutions together: 1 to 10,000,000, default
   * 100,000. One more is refused with `ISSUER_BUSY`.
   */
  readonly maxWaitingIssues?: number;
}

/** Calls that may wait: about half a minute's worth of a fast HSM, and 100 MB or so. */
export const DEFAULT_MAX_WAITING_ISSUES = 100_000;

/** Options of issuing. */
export interface IssueOptions {
  /** Gives the code again to an institution that has it already. Default false (命令85 44条2項). */
  readonly reissue?: boolean;
  /**
   * Gives up: before the batch, or the item of `Issuer.issue`, goes to the store, and nothing of it is stored then.
   * Later the signal changes nothing: what is stored is answered.
   */
  readonly signal?: AbortSignal;
}

/** Options of `Issuer.issueAll`. */
export interface IssueStreamOptions extends IssueOptions {
  /** Told the totals after each stored batch. */
  readonly onProgress?: (progress: IssuanceProgress) => void;
}

/** Options of `Issuer.translate`. */
export interface TranslateOptions {
  /** 機関コード of the institution whose codes are given. */
  readonly from: string;
  /** 機関コード of the institution whose codes are wanted. */
  readonly to: string;
  /** Gives up between items; nothing is handed out then. */
  readonly signal?: AbortSignal;
}

/** Options of `Issuer.recordCodes`. */
export interface RecordCodesOptions {
  /** 機関コード of the institution whose codes are given. */
  readonly from: string;
  /** The record period. Default: the Japanese fiscal year of now. */
  readonly period?: string;
  /** Gives up between items; nothing is handed out then. */
  readonly signal?: AbortSignal;
}

/** Options of `Issuer.mediate`. */
export interface MediateOptions {
  /** 機関コード of the inquirer, whose codes are given. */
  readonly from: string;
  /**
   * 機関コード of the provider, whose codes are wanted. Default: nobody's; none is computed then, as for a request that is
   * not permitted.
   */
  readonly to?: string;
  /** The record period. Default: the Japanese fiscal year of now. */
  readonly period?: string;
  /** Gives up between items; nothing is handed out then. */
  readonly signal?: AbortSignal;
}

/** Options of `Issuer.periodCodes`. */
export interface PeriodCodesOptions {
  /** 機関コード of the institution whose codes are given. */
  readonly from: string;
  /** The record periods, at most 1,000. */
  readonly periods: readonly string[];
  /** Gives up between items; nothing is handed out then. */
  readonly signal?: AbortSignal;
}

/** Options of a call that asks about an institution's codes. */
export interface CodesOptions {
  /** 機関コード of the institution whose codes are given. */
  readonly from: string;
  /** Gives up between items; nothing is handed out then. */
  readonly signal?: AbortSignal;
}

/** Options of a call that takes no others. */
export interface IssuerCallOptions {
  /** Gives up before anything is stored; nothing of the batch is then. */
  readonly signal?: AbortSignal;
}

/** How far `Issuer.checkStore` has come. */
export interface CheckStoreProgress {
  /** Store codes opened by the vault so far: one a person, and one more for every changed resident record code. */
  readonly storeCodesChecked: number;
}

/** Options of `Issuer.checkStore`. */
export interface CheckStoreOptions {
  /** Told after each page of store codes. */
  readonly onProgress?: (progress: CheckStoreProgress) => void;
  /** Gives up between pages. */
  readonly signal?: AbortSignal;
}

/** The rules for the options of one call. */
type Rules = Readonly<Record<string, OptionRule>>;

export const ISSUER_RULES: Rules = {
  vault: required(objectRule('a vault')),
  store: required(objectRule('an issuance store')),
  generation: integerRule(1, HIGHEST_VERSION),
  storeKeyVersion: integerRule(1, HIGHEST_VERSION),
  log: operationLogRule,
  now: functionRule,
  maxWaitingIssues: integerRule(1, 10_000_000),
};
export const ISSUE_RULES: Rules = { reissue: booleanRule, signal: signalRule };
export const ISSUE_STREAM_RULES: Rules = { ...ISSUE_RULES, onProgress: functionRule };
export const TRANSLATE_RULES: Rules = {
  from: required(textRule),
  to: required(textRule),
  signal: signalRule,
};
export const RECORD_CODES_RULES: Rules = { from: required(textRule), period: textRule, signal: signalRule };
export const MEDIATE_RULES: Rules = {
  from: required(textRule),
  to: textRule,
  period: textRule,
  signal: signalRule,
};
export const PERIOD_CODES_RULES: Rules = {
  from: required(textRule),
  periods: required({
    expects: 'an array of at most 1,000 record periods',
    check: (value) => Array.isArray(value) && value.length <= 1_000,
  }),
  signal: signalRule,
};
export const CODES_RULES: Rules = { from: required(textRule), signal: signalRule };
export const CALL_RULES: Rules = { signal: signalRule };
export const CHECK_STORE_RULES: Rules = { onProgress: functionRule, signal: signalRule };
export const BULK_LOAD_RULES: Rules = {
  folder: required(textRule),
  reissue: booleanRule,
  checkpointRows: integerRule(1, Number.MAX_SAFE_INTEGER),
  storeBatchRows: integerRule(1, MAX_BATCH_ROWS),
};
export const COMPARE_POPULATION_RULES: Rules = {
  folder: required(textRule),
  institution: textRule,
  onProgress: functionRule,
  signal: signalRule,
};
