/** What the calls of issuance and of rotations have in common. */

/** Rows that one batch, which is one transaction, may hold. */
export const MAX_BATCH_ROWS = 100_000;

/** What a write did. `existed`: the same was there already, so a retry is safe. `conflict`: nothing was changed. */
export type WriteOutcome = 'inserted' | 'existed' | 'conflict';

/**
 * What a key version is for (NIST SP 800-57 part 1 §7). `pre-active`: on record, nothing is made under it. `active`:
 * new codes are made under it. `accepting`: codes made under it are still understood. `retired`: they are refused.
 * `destroyed`: the key is gone.
 */
export type KeyState = 'pre-active' | 'active' | 'accepting' | 'retired' | 'destroyed';

/** Options every store call takes. */
export interface StoreCallOptions {
  /** Gives up with `ABORTED` before the transaction is committed: nothing of it is stored then. */
  readonly signal?: AbortSignal;
  /**
   * The epoch of the keys that the caller's codes were made in (`outlook`). When keys were switched or retired since,
   * the call is refused with `KEYS_CHANGED`, in the transaction itself, and changes nothing. Default: not compared.
   */
  readonly epoch?: number;
}

/** Where to read on: rows come in the order of their store codes, compared as bytes. */
export interface PageRequest extends StoreCallOptions {
  /** 24 bytes: the last code of the page before. Default: from the start. */
  readonly after?: Uint8Array;
  /** Most rows wanted, 1 to {@link MAX_BATCH_ROWS}. */
  readonly limit: number;
}
