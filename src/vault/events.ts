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
  readonly operation: 'derive' | 'translate' | 'advance' | 'fingerprint';
  /** Items of the batch; 1 for a fingerprint, 0 for a call that failed as a whole. */
  readonly items: number;
  /** Items refused. */
  readonly refused: number;
  /** From the beginning of the call. */
  readonly durationMs: number;
  /** Set when the call failed as a whole. */
  readonly error?: RenkeiErrorCode;
}

/**
 * What a vault tells its observer. A closed union; ids, counts, durations and error codes, never content.
 */
export type VaultEvent =
  | VaultCall
  /** A chunk failed in a way that a recovery may mend. */
  | { readonly type: 'fault'; readonly fault: VaultFault; readonly error: RenkeiErrorCode }
  /** The chunk is tried again after a recovery. */
  | { readonly type: 'retry'; readonly attempt: number }
  /** Sessions, login and handles are new; every key is checked by fingerprint before its next use. */
  | { readonly type: 'recovered'; readonly fault: VaultFault; readonly durationMs: number }
  /** A recovery did not succeed. */
  | { readonly type: 'recovery-failed'; readonly fault: VaultFault; readonly error: RenkeiErrorCode }
  /** The circuit breaker has changed. */
  | { readonly type: 'breaker'; readonly state: BreakerState }
  /** The vault is closed. */
  | { readonly type: 'closed' };

/** Told what happens. What it throws is ignored. */
export type VaultObserver = (event: VaultEvent) => void;

/** Calls an observer so that nothing it does can disturb the vault. */
export function notify(observer: VaultObserver | undefined, event: VaultEvent): void {
  try {
    observer?.(event);
  } catch {
    // The observer's own failure is its own.
  }
}
