import { type IssuanceStore, parseInstitutionCode } from 'renkei';
import { Lineage } from './lineage.js';
import { lineageOf } from './parts.js';
import { INSTITUTIONS, LINEAGE_CODES, type Population } from './population.js';

const PAGE_ROWS = 10_000;
const CODE_LENGTH = 24;

/** All that a store has on record. */
export interface StoreReading {
  /** Every lineage of which anything is on record, by its number. */
  readonly lineages: ReadonlyMap<number, Lineage>;
  /** Rows that make no sense: codes that nobody asked for, issuances without a person. */
  readonly strangers: number;
}

/** Reads a whole store, page by page. */
export async function readStore(store: IssuanceStore, population: Population): Promise<StoreReading> {
  const own = new Map<number, Map<number, number>>();
  const holders = new Map<number, Map<number, string[]>>();
  let strangers = 0;
  for await (const { code, canonical } of persons(store)) {
    const resident = population.residentOf(code);
    const person = population.residentOf(canonical ?? code);
    if (resident === undefined || person === undefined || lineageOf(resident) !== lineageOf(person))
      strangers++;
    else
      entry(own, lineageOf(resident), () => new Map()).set(resident % LINEAGE_CODES, person % LINEAGE_CODES);
  }
  for (const institution of INSTITUTIONS) {
    for await (const code of issuances(store, institution)) {
      const resident = population.residentOf(code);
      const lineage = resident === undefined ? undefined : lineageOf(resident);
      if (resident === undefined || lineage === undefined || !own.has(lineage)) strangers++;
      else {
        const byPerson = entry(holders, lineage, () => new Map<number, string[]>());
        entry(byPerson, resident % LINEAGE_CODES, () => []).push(institution);
      }
    }
  }
  const lineages = new Map<number, Lineage>();
  for (const [number, codes] of own)
    lineages.set(number, Lineage.of(codes, holders.get(number) ?? new Map()));
  return { lineages, strangers };
}

async function* persons(
  store: IssuanceStore,
): AsyncGenerator<{ readonly code: Uint8Array; readonly canonical?: Uint8Array }> {
  for (let after: Uint8Array | undefined; ; ) {
    const page = await store.persons({ limit: PAGE_ROWS, ...(after === undefined ? {} : { after }) });
    const codes = cut(page.storeCodes);
    for (const [k, code] of codes.entries()) {
      const canonical = page.canonical.get(k);
      yield { code, ...(canonical === undefined ? {} : { canonical }) };
    }
    after = codes.at(-1);
    if (codes.length < PAGE_ROWS) return;
  }
}

async function* issuances(store: IssuanceStore, institution: string): AsyncGenerator<Uint8Array> {
  for (let after: Uint8Array | undefined; ; ) {
    const page = await store.issuances(parseInstitutionCode(institution), {
      limit: PAGE_ROWS,
      ...(after === undefined ? {} : { after }),
    });
    const codes = cut(page.storeCodes);
    yield* codes;
    after = codes.at(-1);
    if (codes.length < PAGE_ROWS) return;
  }
}

function cut(packed: Uint8Array): Uint8Array[] {
  return Array.from({ length: packed.length / CODE_LENGTH }, (_, k) =>
    packed.slice(k * CODE_LENGTH, (k + 1) * CODE_LENGTH),
  );
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
