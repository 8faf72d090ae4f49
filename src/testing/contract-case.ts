import type { IssuanceStore } from '../stores/port.js';

/** One thing that is asked of a store: runs on a store of its own and rejects when the store does not keep to it. */
export interface ContractCase {
  /** What it is about, such as `issuing`: cases of one group stand together. */
  readonly group: string;
  /** What the store must do, as a sentence without its subject. No two cases of a group have the same. */
  readonly name: string;
  /** Opens an empty store, asks, closes it. May be run again, and at the same time as other cases. */
  run(): Promise<void>;
}

/**
 * What a case does.
 *
 * @param store a new store that knows the institutions `A1` and `B2`; closed afterwards
 * @param openAgain opens one more connection to the same place; only for a store that outlives its process
 */
export type CaseBody = (store: IssuanceStore, openAgain: () => Promise<IssuanceStore>) => Promise<void>;

/** A case before it is told how stores are opened. */
export interface StoreCase {
  readonly group: string;
  readonly name: string;
  readonly body: CaseBody;
  /** True of a case that begins a rotation of the store key or of the generation. */
  readonly rotatesStoreKey: boolean;
}

/** Bodies of cases by name. */
export type CaseBodies = Readonly<Record<string, CaseBody>>;

/** The cases of one group, from their bodies by name. */
export function casesOf(group: string, bodies: CaseBodies): readonly StoreCase[] {
  return Object.entries(bodies).map(([name, body]) => ({ group, name, body, rotatesStoreKey: false }));
}

/** The same for cases that begin a rotation of the store key or of the generation, which a store may not have. */
export function storeKeyCasesOf(group: string, bodies: CaseBodies): readonly StoreCase[] {
  return casesOf(group, bodies).map((one) => ({ ...one, rotatesStoreKey: true }));
}
