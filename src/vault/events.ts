import type { RenkeiErrorCode } from '../errors/codes.js';

/** What is broken: a session, the login, the device behind the module, or a worker thread. */
export type VaultFault = 'session' | 'login' | 'device' | 'worker';

/** The breaker's state: `open` answers at once that the HSM is unavailable, `half-open` lets one probe through. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** A call has ended. */
export interface VaultCall {
  /** Tells the events apart. */
  readonly type: 'call';
  /** Which call. */
  readonly operation: 'derive' | 'translate' | 'advance' | 'fingerprint' | 'sign' | 'publicKey';
  /** Items of the batch; 1 for a call that has no batch, 0 for a call that failed as a whole. */
  readonly items: number;
  /** Items refused. */
  readonly refused: number;
  /** From the beginning of the call. */
  readonly durationMs: number;
  /** Set when the call failed as a whole. */
  readonly error?: RenkeiErrorCode;
}

/** A chunk failed in a way that a recovery may mend. */
export interface FaultEvent {
  /** Tells the events apart. */
  readonly type: 'fault';
  /** What is broken. */
  readonly fault: VaultFault;
  /** Code of the failure. */
  readonly error: RenkeiErrorCode;
}

/** A chunk is tried again after a fault. */
export interface RetryEvent {
  /** Tells the events apart. */
  readonly type: 'retry';
  /** 1 for the first time it is tried again. */
  readonly attempt: number;
}

/** Session, login and handles are new; every key is checked by fingerprint before its next use. */
export interface RecoveredEvent {
  /** Tells the events apart. */
  readonly type: 'recovered';
  /** What was broken. */
  readonly fault: VaultFault;
  /** Length of the recovery. */
  readonly durationMs: number;
}

/** A recovery did not succeed. */
export interface RecoveryFailedEvent {
  /** Tells the events apart. */
  readonly type: 'recovery-failed';
  /** What is broken. */
  readonly fault: VaultFault;
  /** Code of the failure. */
  readonly error: RenkeiErrorCode;
}

/** The circuit breaker has changed. */
export interface BreakerEvent {
  /** Tells the events apart. */
  readonly type: 'breaker';
  /** Its new state. */
  readonly state: BreakerState;
}

/** The vault is closed. */
export interface ClosedEvent {
  /** Tells the events apart. */
  readonly type: 'closed';
}

/** What a vault tells its observer. A closed union; counts, durations and error codes, never content. */
export type VaultEvent =
  | VaultCall
  | FaultEvent
  | RetryEvent
  | RecoveredEvent
  | RecoveryFailedEvent
  | BreakerEvent
  | ClosedEvent;

/** Told what happens. What it throws is ignored. */
export type VaultObserver = (event: VaultEvent) => void;

/** Calls an observer so that nothing it does can disturb the vault. */
export function notify<Event>(observer: ((event: Event) => void) | undefined, event: Event): void {
  try {
    observer?.(event);
  } catch {
    // The observer's own failure is its own.
  }
}
