import type { IssuanceStore } from 'renkei';

/** One fault of a store, and the group of cases that must find it. */
export interface BrokenStore {
  /** What it does wrong, as a sentence without its subject. */
  readonly fault: string;
  /** A group with a case that fails. */
  readonly foundBy: string;
  /** The methods that do it, over a store that is right. */
  readonly broken: (store: IssuanceStore) => Partial<IssuanceStore>;
}

/** Packed codes as hex digits, one text a row. */
export const codesOf = (packed: Uint8Array) => Buffer.from(packed).toString('hex').match(/.{48}/g) ?? [];

/** Lets whatever else waits for its turn have it. */
export const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
