import fc from 'fast-check';
import {
  createMemoryStore,
  type IssuanceStore,
  institutionAudience,
  type KeyRecord,
  linkKey,
  parseInstitutionCode,
  storeAudience,
} from 'renkei';
import { expect } from 'vitest';
import { batchOf, registerInstitutions, storeCodes } from './contract.js';

const A = parseInstitutionCode('A1');
const B = parseInstitutionCode('B2');
const UNKNOWN = parseInstitutionCode('Unknown');
const LATER = parseInstitutionCode('a3');
const PEOPLE = 6;
const DAY_MS = 86_400_000;

const institution = fc.constantFrom(A, B, LATER, UNKNOWN);
const person = fc.nat(PEOPLE - 1);
const people = fc.array(person, { maxLength: 8 });
const generation = fc.integer({ min: 1, max: 255 });
/** On both sides of 1970 and of midnight in Japan. */
const moment = fc.integer({ min: -3, max: 3 }).map((days) => days * DAY_MS + 15 * 3_600_000 - (days & 1));
const key = fc
  .tuple(
    fc.constantFrom(
      linkKey(1),
      linkKey(2),
      storeAudience(1),
      institutionAudience(LATER, 1),
      institutionAudience(A, 2),
    ),
    fc.nat(3),
  )
  .map(([name, n]): KeyRecord => ({ name, fingerprint: `abc${n}`.padEnd(16, '0'), registeredAt: 1_000 + n }));
const page = fc.record(
  { after: person.map((n) => storeCodes(n)), limit: fc.integer({ min: 1, max: 4 }) },
  { requiredKeys: ['limit'] },
);

/** One call, the same on every store. */
type Call = (store: IssuanceStore) => Promise<unknown>;

const named = (name: string, call: Call): Call => Object.assign(call, { toString: () => name });

const call: fc.Arbitrary<Call> = fc.oneof(
  fc.array(key, { maxLength: 2 }).map((keys) => named(`begin ${keys.length}`, (store) => store.begin(keys))),
  key.map((record) => named(`registerKey ${record.name}`, (store) => store.registerKey(record))),
  fc
    .record({ institution, people, generation, keyVersion: generation, issuedAt: moment })
    .map(({ institution, people, ...changes }) =>
      named(`issue ${institution} ${people}`, (store) =>
        store.issue(batchOf(institution, storeCodes(...people), changes)),
      ),
    ),
  fc
    .tuple(institution, people)
    .map(([institution, people]) =>
      named(`lookUp ${institution} ${people}`, (store) => store.lookUp(institution, storeCodes(...people))),
    ),
  fc
    .tuple(institution, people)
    .map(([institution, people]) =>
      named(`details ${institution} ${people}`, (store) => store.details(institution, storeCodes(...people))),
    ),
  people.map((people) => named(`holders ${people}`, (store) => store.holders(storeCodes(...people)))),
  fc
    .record({ pairs: fc.array(fc.tuple(person, person), { maxLength: 4 }), generation, changedAt: moment })
    .map(({ pairs, ...rest }) =>
      named(`change ${pairs.join(' ')}`, (store) =>
        store.change({
          ...rest,
          oldCodes: storeCodes(...pairs.map(([from]) => from)),
          newCodes: storeCodes(...pairs.map(([, to]) => to)),
        }),
      ),
    ),
  fc
    .array(person, { maxLength: 3 })
    .map((people) => named(`remove ${people}`, (store) => store.remove(storeCodes(...people)))),
  page.map((page) => named(`persons ${page.limit}`, (store) => store.persons(page))),
  fc
    .tuple(institution, page)
    .map(([institution, page]) =>
      named(`issuances ${institution}`, (store) => store.issuances(institution, page)),
    ),
  fc
    .constantFrom('listKeys' as const, 'statistics' as const, 'count' as const)
    .map((name) => named(name, (store) => store[name]())),
  // In which order findings come is nobody's promise.
  fc.constant(
    named('check', async (store) =>
      (await store.check()).toSorted((a, b) => (a.invariant < b.invariant ? -1 : 1)),
    ),
  ),
);

const outcome = (result: Promise<unknown>) =>
  result.catch((error: unknown) => ({ code: (error as { code?: unknown }).code }));

/** Holds a store against the one in memory: the same answers, whatever is asked in whatever order. */
export async function expectLikeMemory(open: () => Promise<IssuanceStore>, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 30 }), async (calls) => {
      const [memory, real] = [createMemoryStore(), await open()];
      try {
        for (const store of [memory, real]) await registerInstitutions(store, A, B);
        for (const ask of calls) {
          expect(await outcome(ask(real)), String(ask)).toEqual(await outcome(ask(memory)));
        }
        expect(await real.count()).toEqual(await memory.count());
      } finally {
        await real.close();
      }
    }),
    { seed: 20260401, numRuns },
  );
}
