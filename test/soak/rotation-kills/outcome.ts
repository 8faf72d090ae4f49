import { join } from 'node:path';
import {
  auditKey,
  type IssuanceStore,
  openRotations,
  type PageRequest,
  parseInstitutionCode,
  type RotationReceipt,
} from 'renkei';
import { type Delivery, openDelivery } from 'renkei/delivery';
import { openStore, type StorePlace } from '../crash/places.js';
import { AUDIT_KEY, INSTITUTIONS, openVault } from './population.js';

/** All that a rotation leaves behind, but for what differs from run to run: moments, signatures and keys of one use. */
export interface Outcome {
  /** Rows of people and issuances, key states, the rotation. */
  readonly store: readonly string[];
  /**
   * Each file of pairs by name, without its signature and its moment: the header, with digest and root of the table.
   */
  readonly deliveries: Readonly<Record<string, string>>;
}

const PAGE_ROWS = 1_000;
const CODE_LENGTH = 24;

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
  const lines = [
    ...(await store.listKeys()).map(({ name, fingerprint, state, generation, since }) =>
      [name, fingerprint, state, generation, Object.keys(since).sort()].join(' '),
    ),
    JSON.stringify(await store.count()),
    ...(await store.rotations()).map(({ id, kind, subject, status, plan }) =>
      JSON.stringify({ id, kind, subject, status, plan }),
    ),
  ];
  for await (const { codes, page } of pages((request) => store.persons(request))) {
    for (const [k, code] of codes.entries()) {
      const own = page.canonical.get(k);
      lines.push(
        `${code} ${page.generations[k]} ${own === undefined ? '' : Buffer.from(own).toString('hex')}`,
      );
    }
  }
  for (const institution of INSTITUTIONS.map((code) => parseInstitutionCode(code))) {
    for await (const { codes, page } of pages((request) => store.issuances(institution, request))) {
      const details = await store.details(institution, page.storeCodes);
      lines.push(...codes.map((code, k) => `${institution} ${code} ${JSON.stringify(details[k])}`));
    }
  }
  return lines;
}

/** All pages of what a store reads in the order of the store codes. */
async function* pages<Page extends { readonly storeCodes: Uint8Array }>(
  read: (request: PageRequest) => Promise<Page>,
): AsyncGenerator<{ readonly codes: readonly string[]; readonly page: Page }> {
  for (let after: Uint8Array | undefined; ; ) {
    const page = await read({ limit: PAGE_ROWS, ...(after === undefined ? {} : { after }) });
    const { storeCodes } = page;
    const codes = Buffer.from(storeCodes).toString('hex').match(/.{48}/g) ?? [];
    yield { codes, page };
    if (codes.length < PAGE_ROWS) return;
    after = storeCodes.slice(-CODE_LENGTH);
  }
}
