import { createHash } from 'node:crypto';
import { parseInstitutionCode, type RecordedKey } from 'renkei';
import { contentOf } from '../../../src/testing/content.js';
import { openStore, type StorePlace } from '../crash/places.js';
import { INSTITUTIONS } from './population.js';

/** All that a rotation leaves behind, but for what differs from run to run: moments, signatures and keys of one use. */
export interface Outcome {
  /** Rows of people and issuances, key states, the rotation. */
  readonly store: readonly string[];
  /** Digest of each file of pairs, its signature left out, by name. */
  readonly deliveries: Readonly<Record<string, string>>;
}

const BATCH_ROWS = 1_000;

/** Reads the outcome of a rotation that is retired. @param folder of its workers */
export async function readOutcome(place: StorePlace, folder: string): Promise<Outcome> {
  return { store: await storeRows(place), deliveries: await readDeliveries(folder) };
}

/** What differs between two outcomes, in words. */
export function differences(one: Outcome, other: Outcome): string[] {
  const found: string[] = [];
  const rows = new Set(one.store);
  const missing = one.store.filter((row) => !new Set(other.store).has(row)).length;
  const more = other.store.filter((row) => !rows.has(row)).length;
  if (missing + more > 0) found.push(`the store: ${missing} rows are missing, ${more} are there besides`);
  for (const file of new Set([...Object.keys(one.deliveries), ...Object.keys(other.deliveries)])) {
    if (one.deliveries[file] !== other.deliveries[file]) found.push(`the delivery ${file}`);
  }
  return found;
}

async function storeRows(place: StorePlace): Promise<string[]> {
  const store = await openStore(place);
  try {
    for (const { invariant, rows } of await store.check()) throw new Error(`fsck: ${invariant} in ${rows} rows`);
    const { keys, counts, persons, issuances } = await contentOf(store);
    const lines = [
      ...(keys as readonly RecordedKey[]).map(({ name, fingerprint, state, generation, since }) =>
        [name, fingerprint, state, generation, Object.keys(since).sort()].join(' '),
      ),
      JSON.stringify(counts),
      ...persons.map((row) => JSON.stringify(row)),
      ...issuances.map((row) => JSON.stringify(row)),
      ...(await store.rotations()).map(({ id, kind, subject, status, plan }) =>
        JSON.stringify({ id, kind, subject, status, plan }),
      ),
    ];
    for (const institution of INSTITUTIONS) {
      const code = parseInstitutionCode(institution);
      const codes = issuances.filter((row) => row.institution === institution).map((row) => row.code);
      for (let k = 0; k < codes.length; k += BATCH_ROWS) {
        const batch = codes.slice(k, k + BATCH_ROWS);
        const details = await store.details(code, Buffer.from(batch.join(''), 'hex'));
        lines.push(...details.map((row, n) => `${institution} ${batch[n]} ${JSON.stringify(row)}`));
      }
    }
    return lines;
  } finally {
    await store.close();
  }
}
