import type { KeyName } from '../codes/key-names.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import type { KeyState } from './calls.js';

/**
 * What is re-keyed: one institution's codes, the store's row keys, a generation of linkage codes, or a record period.
 */
export type RotationKind = 'institution' | 'store' | 'generation' | 'record-period';

/**
 * Where a rotation is. `running` and `paused`: pairs are being made. `verified`: all are made and checked.
 * `switched`: the new keys are active, the old ones accepting. `retiring`: the old ones are refused, rows are moved
 * to the new store key. `retired`: done but for the old keys, which are still there. `destroyed`: they are gone.
 * `aborting`: what was made is being discarded. `aborted`: as if it had never been.
 */
export type RotationStatus =
  | 'running'
  | 'paused'
  | 'verified'
  | 'switched'
  | 'retiring'
  | 'retired'
  | 'destroyed'
  | 'aborting'
  | 'aborted';

/** The keys that a rotation leads to. */
export interface SuccessorKeys {
  /** Generation of the linkage codes. */
  readonly generation: number;
  /** Version of the store key. */
  readonly storeKeyVersion: number;
}

/** A rotation to be begun. */
export interface NewRotation {
  /** What is re-keyed. */
  readonly kind: RotationKind;
  /**
   * What two rotations must not have in common: an institution code or another name of 1 to 64 of A–Z, a–z, 0–9,
   * slash and hyphen, or `*` for what excludes every other.
   */
  readonly subject: string;
  /**
   * Whose new rows are to be noted while it runs: institutions, and `persons` for people and their aliases.
   * `everything` stands for people and all institutions, those that are yet to be registered too.
   */
  readonly notes: readonly InstitutionCode[] | 'everything' | 'persons';
  /** The generation and store key it leads to: of the kinds `store` and `generation`, whose subject is `*`. */
  readonly successor?: SuccessorKeys;
  /** The work, by part: each is claimed by one worker at a time. 0 to 100,000. */
  readonly parts: number;
  /**
   * What the rotation wants to keep of its own: at most 1 MiB of well-formed text without U+0000; never a code. When it is
   * JSON with the new keys in `to`, each with its `name`, codes under these are understood before the switch.
   */
  readonly plan: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly createdAt: number;
}

/** A rotation on record. */
export interface RotationRecord extends Omit<NewRotation, 'notes'> {
  /** 1, 2, 3 … in the order in which they were begun. */
  readonly id: number;
  /** Where it is. */
  readonly status: RotationStatus;
  /** When it came to this status. Where a move writes the notebook only it stays as it is. */
  readonly changedAt: number;
  /** What it has kept last: receipts and the like; empty at first, at most 16 MiB of such text; never a code. */
  readonly notebook: string;
}

/** A key version that goes from one state to another. */
export interface KeyTransition {
  /** The key. */
  readonly name: KeyName;
  /** The state it must be in. */
  readonly from: KeyState;
  /**
   * The state it comes into: pre-active → active, accepting, destroyed; active → accepting; accepting → retired;
   * retired → destroyed.
   */
  readonly to: KeyState;
}

/** A rotation that goes from one status to another. */
export interface RotationMove {
  /** Which one. */
  readonly id: number;
  /** The status it must have. */
  readonly from: RotationStatus;
  /**
   * The status it comes to; the same as `from` to write the notebook only. running → paused, verified, aborting;
   * paused → running, aborting; verified → running, switched, aborting; switched → retiring; retiring → retired;
   * retired → destroyed; aborting → aborted.
   */
  readonly to: RotationStatus;
  /** Key versions that change with it, all or none; none where the status stays. */
  readonly keys?: readonly KeyTransition[];
  /** What is kept from now on in place of the notebook before. */
  readonly notebook?: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
}
