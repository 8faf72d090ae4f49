import type { IssuanceStore } from '../stores/port.js';
import type { RecordStore } from '../stores/record-port.js';

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
 * @param store a new store; an issuance store knows the institutions `A1` and `B2`; closed afterwards
 * @param openAgain opens one more connection to the same place; only for a store that outlives its process
 */
export type CaseBody<Store = IssuanceStore> = (
  store: Store,
  openAgain: () => Promise<Store>,
) => Promise<void>;

/** A case before it is told how stores are opened. */
export interface StoreCase<Store = IssuanceStore> {
  readonly group: string;
  readonly name: string;
  readonly body: CaseBody<Store>;
  /** True of a case that begins a rotation of the store key or of the generation. */
  readonly rotatesStoreKey: boolean;
}

/** Bodies of cases by name. */
export type CaseBodies<Store = IssuanceStore> = Readonly<Record<string, CaseBody<Store>>>;

/** The cases of one group, from their bodies by name. */
export function casesOf<Store = IssuanceStore>(
  group: string,
  bodies: CaseBodies<Store>,
): readonly StoreCase<Store>[] {
  return Object.entries(bodies).map(([name, body]) => ({ group, name, body, rotatesStoreKey: false }));
}

/** The same for cases that begin a rotation of the store key or of the generation, which a store may not have. */
export function storeKeyCasesOf(group: string, bodies: CaseBodies): readonly StoreCase[] {
  return casesOf(group, bodies).map((one) => ({ ...one, rotatesStoreKey: true }));
}

/** The same for cases of a record file. */
export const recordCasesOf = casesOf<RecordStore>;

/** How cases get stores. */
export interface Opening<Store> {
  readonly open: (place: string) => Promise<Store>;
  readonly newPlace?: (() => string | Promise<string>) | undefined;
  /** Done to the first store of a case before it is asked anything. */
  readonly prepare?: (store: Store) => Promise<void>;
}

/** Cases that open what they ask, and close whatever they opened. */
export function runnable<Store extends { close(): Promise<void> }>(
  cases: readonly StoreCase<Store>[],
  { open, newPlace, prepare }: Opening<Store>,
): readonly ContractCase[] {
  return cases.map(({ group, name, body }) => ({
    group,
    name,
    run: async () => {
      const place = (await newPlace?.()) ?? '';
      const opened: Store[] = [];
      const openHere = async () => {
        const store = await open(place);
        opened.push(store);
        return store;
      };
      try {
        const store = await openHere();
        await prepare?.(store);
        await body(store, openHere);
      } finally {
        for (const store of opened) await store.close();
      }
    },
  }));
}
