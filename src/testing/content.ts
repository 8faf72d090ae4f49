import assert from 'node:assert/strict';
import { parseKeyName } from '../codes/key-names.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import type { IssuanceStore, PageRequest, RecordedKey, StoreCounts } from '../stores/port.js';
import type { RotationPart, RotationRecord, StoreOutlook } from '../stores/rotation-port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import { hex, hexRows } from './answers.js';

/** A row of a person, or of a changed resident record code. */
export interface PersonRow {
  /** 48 hex digits. */
  readonly code: string;
  readonly generation: number;
  /** The person's own store code; `code` itself for a person. */
  readonly own: string;
}

/** A row of an issuance. */
export interface IssuanceRow {
  readonly institution: InstitutionCode;
  readonly code: string;
  readonly keyVersion: number;
}

/** All that a store can be made to say of what it holds. */
export interface StoreContent {
  readonly keys: readonly RecordedKey[];
  readonly counts: StoreCounts;
  readonly persons: readonly PersonRow[];
  readonly issuances: readonly IssuanceRow[];
  /** What is recorded under the store key of a rotation: pairs of codes as 48 hex digits. */
  readonly successors: readonly (readonly [code: string, successor: string])[];
  readonly outlook: StoreOutlook;
  readonly rotations: readonly (RotationRecord & { readonly work: readonly RotationPart[] })[];
  /** Each as a text without its number: in which order the rows of one batch are noted is the store's to choose. */
  readonly notes: readonly string[];
}

/** What reading a store takes. */
type ReadableStore = Pick<
  IssuanceStore,
  'listKeys' | 'count' | 'persons' | 'issuances' | 'successors' | 'outlook' | 'rotations' | 'parts' | 'noted'
>;

/** Reads a store from end to end. */
export async function contentOf(store: ReadableStore, limit = 1_000): Promise<StoreContent> {
  const keys = await store.listKeys();
  const issuances: IssuanceRow[] = [];
  for (const institution of institutionsOf(keys))
    issuances.push(...(await issuancesOf(store, institution, limit)));
  const persons = await personsOf(store, limit);
  const rotations: StoreContent['rotations'][0][] = [];
  for (const rotation of await store.rotations())
    rotations.push({ ...rotation, work: await store.parts(rotation.id) });
  return {
    keys,
    counts: await store.count(),
    persons,
    issuances,
    successors: await successorsOf(
      store,
      persons.map(({ code }) => code),
    ),
    outlook: await store.outlook(),
    rotations,
    notes: await notesOf(store),
  };
}

/** Rows that are noted, as sorted texts such as `A1 0f…` and `- 0f…` for a person. */
export async function notesOf(store: Pick<IssuanceStore, 'noted'>): Promise<readonly string[]> {
  const noted = await store.noted(100_000);
  return noted.map(({ institution, storeCode }) => `${institution ?? '-'} ${hex(storeCode)}`).sort();
}

async function successorsOf(
  store: ReadableStore,
  codes: readonly string[],
): Promise<StoreContent['successors']> {
  const all: [string, string][] = [];
  for (let from = 0; from < codes.length; from += MOST_ASKED) {
    const asked = codes.slice(from, from + MOST_ASKED);
    const { newCodes, missing } = await store.successors(bytesOf(asked.join('')));
    const without: number[] = [];
    for (const [row, successor] of hexRows(newCodes).entries()) {
      if (/^0+$/.test(successor)) without.push(row);
      else all.push([asked[row] as string, successor]);
    }
    assert.deepEqual(missing, without, 'rows without a successor have zero bytes');
  }
  return all;
}

/** Codes asked for in one call. */
const MOST_ASKED = 50_000;
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** All rows of people, read in pages. */
export async function personsOf(store: ReadableStore, limit: number): Promise<readonly PersonRow[]> {
  return await pages(limit, async (page) => {
    const { storeCodes, generations, canonical } = await store.persons(page);
    const codes = hexRows(storeCodes);
    assert.equal(generations.length, codes.length, 'a page has one generation a person');
    const rows = codes.map((code, row) => {
      const own = canonical.get(row);
      assert.notDeepEqual(own, storeCodes.slice(row * CODE_LENGTH, (row + 1) * CODE_LENGTH));
      return {
        code,
        generation: generations[row] as number,
        own: own === undefined ? code : hexRows(own).join(),
      };
    });
    return { storeCodes, rows };
  });
}

/** All rows of an institution, read in pages. */
export async function issuancesOf(
  store: ReadableStore,
  institution: InstitutionCode,
  limit: number,
): Promise<readonly IssuanceRow[]> {
  return await pages(limit, async (page) => {
    const { storeCodes, keyVersions } = await store.issuances(institution, page);
    const codes = hexRows(storeCodes);
    assert.equal(keyVersions.length, codes.length, 'a page has one key version an issuance');
    const rows = codes.map((code, row) => ({ institution, code, keyVersion: keyVersions[row] as number }));
    return { storeCodes, rows };
  });
}

/**
 * Holds that nothing in a store is out of joint, by its own check and by its content: every alias leads to a person in
 * one step, every issuance stands with a person, and the counts are those of the rows.
 */
export async function assertSound(store: IssuanceStore): Promise<StoreContent> {
  assert.deepEqual(await store.check(), []);
  const content = await contentOf(store);
  const { keys, counts, persons, issuances } = content;
  const people = new Set(persons.filter(({ code, own }) => code === own).map(({ code }) => code));
  for (const { own } of persons) assert.ok(people.has(own), 'an alias leads to a person in one step');
  for (const { code } of issuances)
    assert.ok(people.has(code), "an issuance stands with a person's own code");
  assert.deepEqual(counts, {
    keys: keys.length,
    persons: people.size,
    aliases: persons.length - people.size,
    issuances: issuances.length,
  });
  return content;
}

/** Holds that a deed changes nothing that a store holds. */
export async function assertUnchanged(store: IssuanceStore, deed: () => Promise<void>): Promise<void> {
  const before = await contentOf(store);
  await deed();
  assert.deepEqual(await contentOf(store), before);
}

function institutionsOf(keys: readonly RecordedKey[]): InstitutionCode[] {
  const parsed = keys.map(({ name }) => parseKeyName(name));
  return [...new Set(parsed.flatMap((key) => (key.kind === 'institution' ? [key.institution] : [])))];
}

interface Page<Row> {
  readonly storeCodes: Uint8Array;
  readonly rows: readonly Row[];
}

async function pages<Row extends { readonly code: string }>(
  limit: number,
  read: (page: PageRequest) => Promise<Page<Row>>,
): Promise<readonly Row[]> {
  const all: Row[] = [];
  for (let after: Uint8Array | undefined; ; ) {
    const { storeCodes, rows } = await read(after === undefined ? { limit } : { after, limit });
    assert.ok(rows.length <= limit, 'a page has at most the rows that were asked for');
    for (const row of rows) {
      const last = all.at(-1);
      assert.ok(
        last === undefined || last.code < row.code,
        'pages come in the order of the codes, each code once',
      );
      all.push(row);
    }
    if (rows.length < limit) return all;
    after = storeCodes.slice(-CODE_LENGTH);
  }
}
