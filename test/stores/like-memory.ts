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
import { batchOf, registerInstitutions } from './contract.js';

const A = parseInstitutionCode('A1');
const B = parseInstitutionCode('B2');
const UNKNOWN = parseInstitutionCode('Unknown');
const LATER = parseInstitutionCode('a3');
const PEOPLE = 7;
const DAY_MS = 86_400_000;

/** Codes that are hard to tell apart: some share all bytes but the last, some but the first and the last. */
const storeCode = (n: number) => new Uint8Array(24).fill(n % 2, 0, 1).fill(n, 23);
const storeCodes = (...numbers: readonly number[]) =>
  Uint8Array.from(numbers.flatMap((n) => [...storeCode(n)]));

const institution = fc.constantFrom(A, B, LATER, UNKNOWN);
const person = fc.nat(PEOPLE - 1);
const people = fc.array(person, { maxLength: 8 });
/** Most are so low that a key is on record for some of them. */
const version = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 255 }));
/** On both sides of 1970 and of midnight in Japan. */
const moment = fc.oneof(
  fc.integer({ min: -3, max: 3 }).map((days) => days * DAY_MS + 15 * 3_600_000 - (days & 1)),
  fc.constantFrom(-32_400_001, -1, 0, Date.UTC(2026, 3, 1)),
);
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

type NewRotation = Parameters<IssuanceStore['beginRotation']>[0];
type RotationStatus = Parameters<IssuanceStore['moveRotation']>[0]['to'];

/** One call, the same on every store. */
type Call = (store: IssuanceStore) => Promise<unknown>;

const named = (name: string, call: Call): Call => Object.assign(call, { toString: () => name });

/** In which order findings come is nobody's promise. */
const findings: Call = async (store) =>
  (await store.check()).toSorted((a, b) => (a.invariant < b.invariant ? -1 : 1));

const NEXT_STATUS: Readonly<Record<string, readonly RotationStatus[]>> = {
  running: ['verified', 'aborting', 'paused'],
  paused: ['running'],
  verified: ['switched', 'aborting'],
  switched: ['retiring'],
  retiring: ['retired'],
  aborting: ['aborted'],
};

/** The status that the last rotation can go to; what hinders it is done before. */
const advance =
  (way: number): Call =>
  async (store) => {
    const last = (await store.rotations()).at(-1);
    const ways = NEXT_STATUS[last?.status ?? ''];
    if (last === undefined || ways === undefined) return undefined;
    const to = ways[way % ways.length] as RotationStatus;
    for (const { part } of await store.parts(last.id)) await store.finishPart(last.id, part, 'done');
    const noted = await store.noted(1_000);
    if (to === 'switched') await store.settle(noted.map(({ note }) => note));
    const moved = await store.moveRotation({ id: last.id, from: last.status, to, at: 5_000 });
    return [to, moved, noted.map((row) => [row.institution, ...row.storeCode].join()).sort()];
  };

const NEW_ROTATION = { parts: 1, plan: '', createdAt: 0 } as const;
const rotation: fc.Arbitrary<NewRotation> = fc.constantFrom(
  { ...NEW_ROTATION, kind: 'institution', subject: A, notes: [A] },
  {
    ...NEW_ROTATION,
    kind: 'store',
    subject: '*',
    notes: 'persons',
    successor: { generation: 1, storeKeyVersion: 2 },
  },
  {
    ...NEW_ROTATION,
    kind: 'generation',
    subject: '*',
    notes: 'everything',
    successor: { generation: 2, storeKeyVersion: 2 },
  },
);
/** Codes that are nobody's under the old store key. */
const successors = (numbers: readonly number[]) => storeCodes(...numbers.map((n) => n + 100));

const rotationCall: fc.Arbitrary<Call> = fc.oneof(
  rotation.map((one) => named(`beginRotation ${one.kind}`, (store) => store.beginRotation(one))),
  fc.nat(11).map((way) => named(`advance ${way}`, advance(way < 9 ? 0 : way - 8))),
  fc.nat(11).map((way) => named(`advance ${way}`, advance(way < 9 ? 0 : way - 8))),
  people.map((numbers) =>
    named(`succeed ${numbers}`, (store) =>
      store.succeed({ oldCodes: storeCodes(...numbers), newCodes: successors(numbers) }),
    ),
  ),
  fc
    .tuple(institution, people)
    .map(([institution, numbers]) =>
      named(`lookUp successors ${numbers}`, (store) => store.lookUp(institution, successors(numbers))),
    ),
  people.map((numbers) =>
    named(`successors ${numbers}`, (store) => store.successors(storeCodes(...numbers))),
  ),
  fc
    .constantFrom('lendSuccessors' as const, 'outlook' as const, 'rotations' as const)
    .map((name) => named(name, (store) => store[name]())),
  fc
    .constantFrom('moveRows' as const, 'discardSuccessors' as const)
    .map((name) => named(name, (store) => store[name](1_000))),
);

const call: fc.Arbitrary<Call> = fc.oneof(
  fc.array(key, { maxLength: 2 }).map((keys) => named(`begin ${keys.length}`, (store) => store.begin(keys))),
  key.map((record) => named(`registerKey ${record.name}`, (store) => store.registerKey(record))),
  fc
    .record({ institution, people, generation: version, keyVersion: version, issuedAt: moment })
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
    .record({
      pairs: fc.array(fc.tuple(person, person), { maxLength: 4 }),
      generation: version,
      changedAt: moment,
    })
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
  fc.constant(named('check', findings)),
  rotationCall,
);

/** What most stores are begun with. */
const BEGINNING: readonly KeyRecord[] = [linkKey(1), linkKey(2), storeAudience(1)].map((name, n) => ({
  name,
  fingerprint: `def${n}`.padEnd(16, '0'),
  registeredAt: 0,
}));

const outcome = (result: Promise<unknown>) =>
  result.catch((error: unknown) => ({ code: (error as { code?: unknown }).code ?? error }));

/** Everything there is, in one value. */
async function content(store: IssuanceStore): Promise<unknown> {
  const everybody = storeCodes(...Array.from({ length: PEOPLE }, (_, n) => n));
  return [
    await store.persons({ limit: 100 }),
    await store.holders(everybody),
    await store.details(A, everybody),
    await store.count(),
    await store.listKeys(),
    await store.rotations(),
    await store.successors(everybody),
    await findings(store),
  ];
}

/**
 * Holds a store against the one in memory: the same answers, whatever is asked in whatever order.
 *
 * @param numRuns number of walks
 * @param walks the seed of the walks, without one others every time; and if rotations of the store key are begun
 */
export async function expectLikeMemory(
  open: () => Promise<IssuanceStore>,
  numRuns: number,
  { rotatesStoreKey = true, ...walks }: { readonly seed?: number; readonly rotatesStoreKey?: boolean } = {
    seed: 20260401,
  },
): Promise<void> {
  const walk = fc.record({ begun: fc.boolean(), calls: fc.array(call, { maxLength: 40, size: 'max' }) });
  await fc.assert(
    fc.asyncProperty(walk, async ({ begun, calls }) => {
      await using memory = createMemoryStore();
      await using real = await open();
      for (const store of [memory, real]) {
        if (begun) await store.begin(BEGINNING);
        await registerInstitutions(store, A, B);
      }
      for (const ask of calls) {
        if (!rotatesStoreKey && /^beginRotation (store|generation)$/.test(String(ask))) continue;
        expect(await outcome(ask(real)), String(ask)).toEqual(await outcome(ask(memory)));
      }
      expect(await content(real)).toEqual(await content(memory));
    }),
    { ...walks, numRuns },
  );
}
