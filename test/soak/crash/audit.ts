import { type IssuanceStore, type Issuer, openIssuer } from 'renkei';
import type { Action } from './journal.js';
import type { Ledger } from './ledger.js';
import { performBatch } from './perform.js';
import { openStore, openVault, type StorePlace } from './places.js';
import { INSTITUTIONS, LINEAGE_CODES, type Population } from './population.js';
import { readStore, type StoreReading } from './store-reading.js';
import type { UnfinishedLoads } from './unfinished-loads.js';

/** Most requests of one kind that are repeated. */
const MOST_REPEATED = 50_000;

/** The number of findings of the store's own check, while others may be at work. */
export async function checkStore(place: StorePlace): Promise<number> {
  const store = await openStore(place);
  try {
    return (await store.check()).reduce((sum, { rows }) => sum + rows, 0);
  } finally {
    await store.close();
  }
}

/** What an audit goes by. */
export interface Accounts {
  readonly place: StorePlace;
  readonly ledger: Ledger;
  readonly population: Population;
  readonly loads: UnfinishedLoads;
}

/**
 * Holds a store that nobody works on against the ledger, then asks once more for all it has: nothing may come of it.
 *
 * @returns the number of findings of the store's own check
 */
export function audit(accounts: Accounts): Promise<number> {
  return inStore(accounts.place, (store, issuer) => holdToAccount(store, issuer, accounts));
}

/** Finishes the loads that were cut off, then audits as {@link audit}. */
export function finish(accounts: Accounts): Promise<number> {
  const { ledger, loads } = accounts;
  return inStore(accounts.place, async (store, issuer) => {
    await loads.finish(issuer, ({ operation }, answers) => ledger.finish(operation, answers));
    return holdToAccount(store, issuer, accounts);
  });
}

async function inStore<T>(
  place: StorePlace,
  action: (store: IssuanceStore, issuer: Issuer) => Promise<T>,
): Promise<T> {
  const store = await openStore(place);
  try {
    const issuer = await openIssuer({ store, vault: await openVault({ kind: 'software' }) });
    for (const institution of INSTITUTIONS) await issuer.registerInstitution(institution);
    return await action(store, issuer);
  } finally {
    await store.close();
  }
}

async function holdToAccount(
  store: IssuanceStore,
  issuer: Issuer,
  { ledger, population, loads }: Accounts,
): Promise<number> {
  const findings = await store.check();
  const reading = await readStore(store, population);
  ledger.observe(reading, loads.operations);
  await repeat(store, issuer, ledger, reading);
  for (const { invariant, rows } of findings) ledger.findings.push(`fsck: ${invariant} in ${rows} rows`);
  return findings.reduce((sum, { rows }) => sum + rows, 0);
}

async function repeat(
  store: IssuanceStore,
  issuer: Issuer,
  ledger: Ledger,
  reading: StoreReading,
): Promise<void> {
  const before = await store.count();
  for (const action of repetitions(reading, ledger.lineages)) {
    if (action.residents.length > 0) ledger.repeat(action, await performBatch(issuer, action));
  }
  const after = await store.count();
  if (JSON.stringify(after) !== JSON.stringify(before)) {
    ledger.report('wrong', 'repeating everything has changed the number of rows');
  }
}

/** Everything that is on record, asked for again, and the deletion of those who are not. */
function repetitions({ lineages }: StoreReading, everybody: Iterable<number>): Action[] {
  const held = new Map<string, number[]>(INSTITUTIONS.map((institution) => [institution, []]));
  const changes: { from: number; to: number }[] = [];
  for (const [number, lineage] of lineages) {
    for (let code = 0; code < LINEAGE_CODES; code++) {
      const own = lineage.own(code);
      if (own === undefined) continue;
      const first = number * LINEAGE_CODES;
      for (const institution of lineage.holders(own)) held.get(institution)?.push(first + code);
      if (own !== code) changes.push({ from: first + own, to: first + code });
    }
  }
  const gone = [...everybody]
    .filter((number) => !lineages.has(number))
    .map((number) => number * LINEAGE_CODES);
  return [
    ...[...held].map(([institution, residents]) => {
      return { kind: 'issue', institution, residents: residents.slice(-MOST_REPEATED) } as const;
    }),
    { kind: 'change', residents: changes.map(({ from }) => from), to: changes.map(({ to }) => to) },
    { kind: 'remove', residents: gone.slice(-MOST_REPEATED) },
  ];
}
