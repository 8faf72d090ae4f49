import { join } from 'node:path';
import {
  auditKey,
  type IssuanceStore,
  openRotations,
  parseInstitutionCode,
  type RotationReceipt,
} from 'renkei';
import { type Delivery, openDelivery } from 'renkei/delivery';
import { contentOf } from '../../../src/testing/content.js';
import { openStore, type StorePlace } from '../crash/places.js';
import { AUDIT_KEY, INSTITUTIONS, openVault } from './population.js';

/** All that a rotation leaves behind, but for what differs from run to run: moments, signatures and keys of one use. */
export interface Outcome {
  /** Rows of people and issuances, key states, the rotation. */
  readonly store: readonly string[];
  /** Each file of pairs by name, without its signature and its moment: the header, with digest and root of the table. */
  readonly deliveries: Readonly<Record<string, string>>;
}

const BATCH_ROWS = 1_000;

/** Reads the outcome of a rotation that is retired. @param folder of its workers */
export async function readOutcome(place: StorePlace, folder: string, rotation: number): Promise<Outcome> {
  const store = await openStore(place);
  try {
    const deliveries: Record<string, string> = {};
    for await (const { file, delivery } of deliveriesOf(store, folder, rotation)) {
      // The table holds a hash of every block of pairs, and the header the digest of the table.
      await delivery.verify();
      const { createdAt, ...header } = delivery.header;
      deliveries[file] = JSON.stringify(header);
    }
    return { store: await storeRows(store), deliveries };
  } finally {
    await store.close();
  }
}

/** All pairs of old and new codes that a rotation delivered to institutions, in external form. */
export async function* readPairs(
  store: IssuanceStore,
  folder: string,
  rotation: number,
): AsyncGenerator<readonly [string, string]> {
  for await (const { delivery } of deliveriesOf(store, folder, rotation)) {
    for await (const { oldCodes, newCodes } of delivery.codes())
      for (const [k, code] of oldCodes.entries()) yield [code, newCodes[k] as string];
  }
}

/** The files that the receipts of a rotation name, opened one after the other as an institution would. */
async function* deliveriesOf(
  store: IssuanceStore,
  folder: string,
  rotation: number,
): AsyncGenerator<{ readonly file: string; readonly delivery: Delivery }> {
  const vault = await openVault();
  const rotations = await openRotations({ vault, store, auditKey: AUDIT_KEY });
  const publicKey = await vault.publicKey(auditKey(1));
  for (const receipt of await (await rotations.get(rotation)).receipts()) {
    const { deliveries } = JSON.parse(receipt) as RotationReceipt;
    for (const { audience, file } of deliveries) {
      const institution = audience.replace('institution/', '');
      const delivery = await openDelivery({ path: join(folder, file), publicKey, institution });
      try {
        yield { file, delivery };
      } finally {
        await delivery.close();
      }
    }
  }
}

/** What differs between two outcomes, in words. */
export function differences(one: Outcome, other: Outcome): string[] {
  const found: string[] = [];
  const rows = new Set(one.store);
  const otherRows = new Set(other.store);
  const missing = one.store.filter((row) => !otherRows.has(row)).length;
  const more = other.store.filter((row) => !rows.has(row)).length;
  if (missing + more > 0) found.push(`the store: ${missing} rows are missing, ${more} are there besides`);
  for (const file of new Set([...Object.keys(one.deliveries), ...Object.keys(other.deliveries)])) {
    if (one.deliveries[file] !== other.deliveries[file]) found.push(`the delivery ${file}`);
  }
  return found;
}

async function storeRows(store: IssuanceStore): Promise<string[]> {
  for (const { invariant, rows } of await store.check())
    throw new Error(`fsck: ${invariant} in ${rows} rows`);
  const { keys, counts, persons, issuances } = await contentOf(store);
  const lines = [
    ...keys.map(({ name, fingerprint, state, generation, since }) =>
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
    const codes = issuances.filter((row) => row.institution === institution).map(({ code }) => code);
    for (let k = 0; k < codes.length; k += BATCH_ROWS) {
      const batch = codes.slice(k, k + BATCH_ROWS);
      const details = await store.details(
        parseInstitutionCode(institution),
        Buffer.from(batch.join(''), 'hex'),
      );
      lines.push(...details.map((row, n) => `${institution} ${batch[n]} ${JSON.stringify(row)}`));
    }
  }
  return lines;
}
