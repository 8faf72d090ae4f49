import type { KeyName } from '../../codes/key-names.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';

/** Gets work. */
export interface HealthyReplica {
  /** The replica's id. */
  readonly id: string;
  /** Gets work. */
  readonly state: 'healthy';
}

/** Failed, and is left alone until its pause is over. */
export interface RestingReplica {
  /** The replica's id. */
  readonly id: string;
  /** Failed, and is left alone until its pause is over. */
  readonly state: 'resting';
  /** What its last failure was. */
  readonly code: RenkeiErrorCode;
  /** Failures since it last did any work. */
  readonly failures: number;
  /** Milliseconds until a call may probe it; 0 when its pause is over. */
  readonly pauseMs: number;
}

/** Is being asked for a fingerprint, and gets work when the answer is right. */
export interface ProbingReplica {
  /** The replica's id. */
  readonly id: string;
  /** Is being asked for a fingerprint, and gets work when the answer is right. */
  readonly state: 'probing';
  /** What its last failure was. */
  readonly code: RenkeiErrorCode;
  /** Failures since it last did any work. */
  readonly failures: number;
}

/** Had a key with another fingerprint; never used again. */
export interface RefusedReplica {
  /** The replica's id. */
  readonly id: string;
  /** Had a key with another fingerprint; never used again. */
  readonly state: 'refused';
  /** The key, unless it was the replica itself that noticed the change. */
  readonly key?: KeyName;
}

/** How a replica is. */
export type ReplicaHealth = HealthyReplica | RestingReplica | ProbingReplica | RefusedReplica;

/** What a replicated vault tells its observer. Ids, codes, counts and key names; never content. */
export type ReplicaEvent =
  | {
      /** The replica failed and rests. */
      readonly type: 'replica-failed';
      /** Its id. */
      readonly id: string;
      /** What the failure was. */
      readonly code: RenkeiErrorCode;
      /** How long it will be left alone. */
      readonly pauseMs: number;
    }
  | {
      /** A probe succeeded: the replica gets work again. */
      readonly type: 'replica-returned';
      /** Its id. */
      readonly id: string;
    }
  | {
      /** A key's fingerprint differs: the replica is never used again. */
      readonly type: 'replica-refused';
      /** Its id. */
      readonly id: string;
      /** The key, unless it was the replica itself that noticed the change. */
      readonly key?: KeyName;
    };
