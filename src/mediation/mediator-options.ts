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
import type { MediationObserver } from './events.js';
import type { PermissionSource } from './permissions/decision.js';

/** Options of `openMediator`. */
export interface MediatorOptions {
  /** Opens the codes. Stays the caller's: closing the mediator does not close it. */
  readonly issuer: Issuer;
  /** 情報提供等記録ファイル. Stays the caller's. */
  readonly records: RecordStore;
  /** Decides what is permitted. */
  readonly permissions: PermissionSource;
  /** 有効期間 of a notice, in days after that of the request: 1 to 366, default 7. */
  readonly validityDays?: number;
  /** 事務 whose inquirers may ask who holds a code of a person (通知先, 命令85 40条3項). Default: none. */
  readonly holderAffairs?: readonly string[];
  /** The clock, in milliseconds since 1970-01-01 UTC. Default `Date.now`. */
  readonly now?: () => number;
  /**
   * Most calls that may wait for the vault or the store: 1 to 10,000,000, default 100,000. One more fails with
   * `MEDIATOR_BUSY`.
   */
  readonly maxWaiting?: number;
  /** Told what happens. */
  readonly observe?: MediationObserver;
}

/** Options of every call of a mediator. */
export interface MediatorCallOptions {
  /**
   * Gives up before the records are written; nothing of the request is stored then. Later the signal changes nothing:
   * what is stored is answered.
   */
  readonly signal?: AbortSignal;
}

export const DEFAULT_VALIDITY_DAYS = 7;
export const DEFAULT_MAX_WAITING = 100_000;

/** The rules for the options of one call. */
type Rules = Readonly<Record<string, OptionRule>>;

const objectWith = (expects: string, method: string): OptionRule =>
  required({
    expects,
    check: (value) =>
      typeof value === 'object' &&
      value !== null &&
      typeof (value as Record<string, unknown>)[method] === 'function',
  });

export const MEDIATOR_RULES: Rules = {
  issuer: objectWith('an issuer', 'mediate'),
  records: objectWith('a record store', 'append'),
  permissions: objectWith('a source of permissions', 'decide'),
  validityDays: integerRule(1, 366),
  holderAffairs: {
    expects: 'an array of non-empty strings',
    check: (value) => Array.isArray(value) && value.every(textRule.check),
  },
  now: functionRule,
  maxWaiting: integerRule(1, 10_000_000),
  observe: functionRule,
};
export const CALL_RULES: Rules = { signal: signalRule };
