import { type OptionRule, required, signalRule } from '../errors/options.js';
import { type GivenPublicKey, publicKeysRule } from '../signatures/public-keys.js';
import type { LogCallOptions, LogHead } from '../stores/log-port.js';
import { originRule } from './audit-log-options.js';
import type { LogFinding } from './findings.js';

/** What whoever verifies a log has to know, from a source that is trusted and is not the log. */
export interface VerifyOptions extends LogCallOptions {
  /** Public halves of all versions of the audit key that have signed. */
  readonly publicKeys: readonly GivenPublicKey[];
  /** Name of the log. */
  readonly origin: string;
  /** Checkpoints that were kept apart from the log, in any order: only they show that it was replaced. Default: none. */
  readonly remembered?: readonly string[];
  /** `head` of an earlier verification of the same log, to go on from there. Default: from the beginning. */
  readonly after?: LogHead;
}

/** What a verification came to. */
export interface LogVerification {
  /** What is wrong, the first thousand findings in the order of the log; none when nothing is. */
  readonly findings: readonly LogFinding[];
  /** How many findings there are. */
  readonly count: number;
  /** Number of entries, from the first entry of the log on; those that are missing counted. */
  readonly size: number;
  /**
   * Number of entries that a checkpoint vouches for. Those behind may have been cut off, added to or written anew by
   * somebody with the database, and nothing here would tell.
   */
  readonly signed: number;
  /** To go on from later (`after`); undefined where there are findings. */
  readonly head?: LogHead;
}

export const VERIFY_RULES: Readonly<Record<string, OptionRule>> = {
  publicKeys: required(publicKeysRule),
  origin: required(originRule),
  remembered: {
    expects: 'a list of checkpoints',
    check: (value) => Array.isArray(value) && value.every((note) => typeof note === 'string'),
  },
  after: { expects: 'the end of a log', check: isHead },
  signal: signalRule,
};

function isHead(value: unknown): boolean {
  const { size, at, last, subtrees } = (value ?? {}) as Partial<LogHead>;
  return (
    Number.isSafeInteger(size) &&
    Number.isSafeInteger(at) &&
    last instanceof Uint8Array &&
    Array.isArray(subtrees) &&
    subtrees.every((hash) => hash instanceof Uint8Array)
  );
}
