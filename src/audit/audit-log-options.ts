import type { AuditKeyName } from '../codes/key-names.js';
import type { RenkeiErrorCode } from '../errors/codes.js';
import {
  functionRule,
  integerRule,
  type OptionRule,
  objectRule,
  required,
  textRule,
} from '../errors/options.js';
import { type GivenPublicKey, publicKeysRule } from '../signatures/public-keys.js';
import type { LogStore } from '../stores/log-port.js';
import type { Vault } from '../vault/port.js';
import { isOrigin } from './checkpoint.js';

/** What an audit log tells while it works: numbers and codes, nothing of its entries. */
export type AuditLogEvent =
  | {
      /** A checkpoint was signed and kept. */
      readonly event: 'checkpoint';
      /** Number of entries it speaks of. */
      readonly size: number;
    }
  | {
      /** A checkpoint that nobody waits for could not be made; another attempt follows with later entries. */
      readonly event: 'checkpoint-failed';
      /** Why. */
      readonly code: RenkeiErrorCode;
    };

/** Options of `openAuditLog`. */
export interface AuditLogOptions {
  /** Where the log is kept. Stays the caller's: closing the log does not close it. */
  readonly store: LogStore;
  /** Where the audit key is. Stays the caller's. Appending needs it not. */
  readonly vault: Pick<Vault, 'sign' | 'publicKey'>;
  /** `audit/<version>`: signs checkpoints from now on. */
  readonly auditKey: AuditKeyName | string;
  /**
   * Name of the log in its checkpoints: 1 to 255 of letters, digits and `.` `_` `~` `:` `/` `@` `-`, such as
   * `log.example.jp/operations`; not beginning with `renkei-`. One log has one for all its life, and no other log has it.
   */
  readonly origin: string;
  /** Public halves of the versions of the audit key that signed before. Default: none. */
  readonly earlierKeys?: readonly GivenPublicKey[];
  /** A checkpoint of this log that was kept elsewhere: none inconsistent with it is ever signed. Default: none. */
  readonly remembered?: string;
  /** Appended entries after which a checkpoint is made: 1 to 1,000,000,000. Default 10,000. */
  readonly checkpointEvery?: number;
  /**
   * Milliseconds after which one is made where entries have come, whoever wrote them: 100 to 86,400,000. Default 60,000.
   */
  readonly checkpointAfterMs?: number;
  /** The clock, in milliseconds since 1970-01-01 UTC. Default `Date.now`. */
  readonly now?: () => number;
  /** Told what happens. */
  readonly observe?: (event: AuditLogEvent) => void;
}

/** How long entries may be without a checkpoint by default: what somebody with the database may cut off unseen. */
export const DEFAULT_CHECKPOINT_AFTER_MS = 60_000;
/** A checkpoint is some 300 bytes and a signature; this many entries are written in a fraction of a second. */
export const DEFAULT_CHECKPOINT_EVERY = 10_000;

/** The rule for the name of a log. */
export const originRule: OptionRule = {
  expects: '1 to 255 letters, digits and . _ ~ : / @ -, and not begin with renkei-',
  check: isOrigin,
};

/** The rule for where a log is kept. */
export const STORE_RULE = required(objectRule('a store of the operation log'));

export const AUDIT_LOG_RULES: Readonly<Record<string, OptionRule>> = {
  store: STORE_RULE,
  vault: required(objectRule('a vault')),
  auditKey: required(textRule),
  origin: required(originRule),
  earlierKeys: publicKeysRule,
  remembered: { expects: 'a checkpoint', check: (value) => typeof value === 'string' },
  checkpointEvery: integerRule(1, 1_000_000_000),
  checkpointAfterMs: integerRule(100, 86_400_000),
  now: functionRule,
  observe: functionRule,
};
