import fc from 'fast-check';
import {
  createMemoryStore,
  type IssuanceStore,
  institutionAudience,
  linkKey,
  parseInstitutionCode,
  storeAudience,
} from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { expect, test } from 'vitest';
import { makeScratchFolder } from '../../support/scratch-folder.js';

const folder = makeScratchFolder();
const [A, B, UNKNOWN] = ['A1', 'B2', 'Unknown'].map(parseInstitutionCode) as [never, never, never];
const PEOPLE = 7;

/** Codes that are hard to tell apart: some share all bytes but the last, some but the first. */
const code = (n: number) => new Uint8Array(24).fill(n % 2, 0, 1).fill(n, 23);
const packed = (numbers: readonly number[]) => Uint8Array.from(numbers.flatMap((n) => [...code(n)]));

const institution = fc.constantFrom(A, B, UNKNOWN);
const person = fc.nat(PEOPLE - 1);
const people = fc.array(person, { maxLength: 6 });
const version = fc.integer({ min: 1, max: 3 });
const moment = fc.constantFrom(-1, 0, 54_000_000 - 1, 54_000_000, Date.UTC(2026, 3, 1), -32_400_001);
const page = fc.record({ limit: fc.integer({ min: 1, max: 4 }) }, { requiredKeys: ['limit'] });
const after = fc.option(person, { nil: undefined });

type Call = (store: IssuanceStore) => Promise<unknown>;

/** The order of findings says nothing. */
const findings: Call = async (store) =>
  (await store.check()).toSorted((a, b) => (a.invariant < b.invariant ? -1 : 1));

const call: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(institution, people, version, version, moment).map(
    ([institution, people, keyVersion, generation, issuedAt]): Call =>
      (store) =>
        store.issue({ institution, keyVersion, generation, issuedAt, storeCodes: packed(people) }),
  ),
  fc.tuple(fc.array(fc.tuple(person, person), { maxLength: 4 }), version, moment).map(
    ([pairs, generation, changedAt]): Call =>
      (store) =>
        store.change({
          generation,
          changedAt,
          oldCodes: packed(pairs.map(([old]) => old)),
          newCodes: packed(pairs.map(([, its]) => its)),
        }),
  ),
  fc.array(person, { maxLength: 2 }).map(
    (people): Call =>
      (store) =>
        store.remove(packed(people)),
  ),
  fc.tuple(institution, people).map(
    ([institution, people]): Call =>
      (store) =>
        store.lookUp(institution, packed(people)),
  ),
  fc.tuple(institution, people).map(
    ([institution, people]): Call =>
      (store) =>
        store.details(institution, packed(people)),
  ),
  people.map(
    (people): Call =>
      (store) =>
        store.holders(packed(people)),
  ),
  fc.tuple(page, after).map(
    ([page, n]): Call =>
      (store) =>
        store.persons(n === undefined ? page : { ...page, after: code(n) }),
  ),
  fc.tuple(institution, page, after).map(
    ([institution, page, n]): Call =>
      (store) =>
        store.issuances(institution, n === undefined ? page : { ...page, after: code(n) }),
  ),
  fc.constantFrom<Call>(
    (store) => store.statistics(),
    (store) => store.count(),
    findings,
    (store) => store.listKeys(),
  ),
);

const KEYS = [linkKey(1), linkKey(2), storeAudience(1)].map((name, k) => ({
  name,
  fingerprint: `${k}`.padEnd(16, '0'),
  registeredAt: 0,
}));

async function prepared(store: IssuanceStore): Promise<IssuanceStore> {
  await store.begin(KEYS);
  for (const [k, code] of ['A1', 'B2'].entries()) {
    const fingerprint = `f${k}`.padEnd(16, '0');
    await store.registerKey({ name: institutionAudience(code, 1), fingerprint, registeredAt: 0 });
  }
  return store;
}

const answer = (promise: Promise<unknown>) =>
  promise.catch((error: unknown) => ({ code: (error as { code?: unknown }).code ?? error }));

/** Everything there is, in one value. */
async function content(store: IssuanceStore) {
  const all = packed(Array.from({ length: PEOPLE }, (_, n) => n));
  return [
    await store.persons({ limit: 100 }),
    await store.holders(all),
    await store.details(A, all),
    await store.count(),
    await findings(store),
  ];
}

test('the SQLite store answers every call as the memory store does, in whatever order', async () => {
  let files = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 30, size: 'max' }), async (calls) => {
      await using sqlite = await openSqliteStore({ path: folder.path(`${files++}.sqlite`) });
      await using memory = createMemoryStore();
      await prepared(sqlite);
      await prepared(memory);
      for (const perform of calls) {
        const [ours, its] = [await answer(perform(sqlite)), await answer(perform(memory))];
        expect(ours).toEqual(its);
      }
      expect(await content(sqlite)).toEqual(await content(memory));
    }),
    { numRuns: 150 },
  );
}, 120_000);
