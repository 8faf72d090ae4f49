import fc from 'fast-check';
import {
  createMemoryRecordStore,
  type InstitutionCode,
  parseInstitutionCode,
  type RecordStore,
} from 'renkei';
import { newBranch, newRecord, recordContent, storeCodes } from 'renkei/testing';
import { expect } from 'vitest';
import { recordContentOf } from '../support/record-file.js';

const INQUIRERS = [parseInstitutionCode('A1'), parseInstitutionCode('a1')] as const;
const PERIODS = ['2026', '2025', 'H31-4'] as const;
const AT = Date.UTC(2026, 3, 1);

const inquirer = fc.constantFrom(...INQUIRERS);
const period = fc.constantFrom(...PERIODS);
const person = fc.nat(3);
const serial = fc.integer({ min: 1, max: 9 });
const generation = fc.integer({ min: 1, max: 3 });
const requestId = fc.constantFrom('r1', 'r2', 'R1', 'r-3', 'NULL', '_', 'r7', 'r8', 'r9');
/** Also backwards: a clock may be set. */
const at = fc.integer({ min: -2, max: 5 }).map((minutes) => AT + minutes * 60_000);
/** Letters of one to four bytes, and what quoting might spoil. */
const text = fc.constantFrom('福祉課', 'a"b\\c', '{NULL}', '𠮷野家', "O'Brien\n", 'é');

const record = fc
  .record({ requestId, inquirer, period, generation, person, department: text })
  .map(({ person, inquirer, department, ...rest }) =>
    newRecord(person, { ...rest, content: recordContent({ inquirer, department }) }),
  );
const branch = fc
  .record({ serial, branch: fc.integer({ min: 2, max: 4 }), changeReason: text })
  .map(({ serial, branch, changeReason }) => newBranch(serial, branch, { changeReason }));
const draft = fc.record({ event: fc.constant('test.drafted'), details: fc.record({ note: text }) });
const page = fc.record({ from: fc.nat(12), limit: fc.integer({ min: 1, max: 4 }) });

/** One call, the same on every store. */
type Call = (store: RecordStore) => Promise<unknown>;

const named = (name: string, call: Call): Call => Object.assign(call, { toString: () => name });

const append = fc
  .record({
    at,
    records: fc.array(record, { maxLength: 4 }),
    branches: fc.array(branch, { maxLength: 3 }),
    drafts: fc.array(draft, { maxLength: 2 }),
  })
  .map((batch) => named(`append ${JSON.stringify(batch)}`, (store) => store.append(batch)));

const call: fc.Arbitrary<Call> = fc.oneof(
  append,
  append,
  append,
  fc
    .array(fc.record({ inquirer, requestId }), { maxLength: 5 })
    .map((asked) => named(`requests ${JSON.stringify(asked)}`, (store) => store.requests(asked))),
  fc
    .array(serial, { maxLength: 5 })
    .map((serials) => named(`latest ${serials}`, (store) => store.latest(serials))),
  fc
    .record(
      { period, person, beforeSerial: serial, limit: fc.integer({ min: 1, max: 3 }) },
      { requiredKeys: ['period', 'person', 'limit'] },
    )
    .map(({ person, ...rest }) =>
      named(`personRecords ${person} ${JSON.stringify(rest)}`, (store) =>
        store.personRecords({ ...rest, recordCode: storeCodes(person) }),
      ),
    ),
  fc
    .record(
      {
        after: fc.record({ serial, branch: fc.integer({ min: 1, max: 3 }) }),
        limit: fc.integer({ min: 1, max: 5 }),
      },
      { requiredKeys: ['limit'] },
    )
    .map((page) => named(`records ${JSON.stringify(page)}`, (store) => store.records(page))),
  fc
    .record({ period, pairs: fc.array(fc.tuple(person, person), { maxLength: 4 }), generation, at })
    .map(({ pairs, ...rest }) =>
      named(`rekey ${JSON.stringify(rest)} ${pairs.join(' ')}`, (store) =>
        store.rekey({
          ...rest,
          oldCodes: storeCodes(...pairs.map(([from]) => from)),
          newCodes: storeCodes(...pairs.map(([, to]) => to)),
        }),
      ),
    ),
  fc
    .tuple(period, generation, at)
    .map(([period, generation, at]) =>
      named(`settleGeneration ${period} ${generation}`, (store) =>
        store.settleGeneration(period, generation, at),
      ),
    ),
  fc
    .record({ period, limit: fc.integer({ min: 1, max: 4 }), at })
    .map((erasure) => named(`erase ${JSON.stringify(erasure)}`, (store) => store.erase(erasure))),
  fc
    .tuple(fc.array(draft, { maxLength: 3 }), at)
    .map(([drafts, at]) => named(`appendLog ${drafts.length}`, (store) => store.appendLog(drafts, at))),
  page.map((page) => named(`logEntries ${JSON.stringify(page)}`, (store) => store.logEntries(page))),
  fc
    .tuple(page, fc.constantFrom(0, 8, 16))
    .map(([page, level]) =>
      named(`logHashes ${level} ${JSON.stringify(page)}`, (store) => store.logHashes({ ...page, level })),
    ),
  fc
    .record({ size: fc.nat(6), note: fc.constantFrom('a\n', '署名\n') })
    .map((checkpoint) =>
      named(`addCheckpoint ${JSON.stringify(checkpoint)}`, (store) => store.addCheckpoint(checkpoint)),
    ),
  page.map((page) => named(`checkpoints ${JSON.stringify(page)}`, (store) => store.checkpoints(page))),
  fc
    .constantFrom('periods' as const, 'logHead' as const, 'lastCheckpoint' as const)
    .map((name) => named(name, (store) => store[name]())),
);

const outcome = (result: Promise<unknown>) =>
  result.then(plain, (error: unknown) => ({ code: (error as { code?: unknown }).code ?? error }));

/** What an answer says, whatever it is made of. */
function plain(answer: unknown): unknown {
  if (answer instanceof Uint8Array) return Buffer.from(answer).toString('hex');
  if (Array.isArray(answer)) return answer.map(plain);
  if (typeof answer !== 'object' || answer === null) return answer;
  if ('digest' in answer) {
    const row = answer as Awaited<ReturnType<RecordStore['records']>>[number];
    const { serial, branch, period, recordCode, entry, recordedAt, origin, content, digest } = row;
    const bytes = { recordCode: plain(recordCode), digest };
    return { serial, branch, period, entry, recordedAt, origin, content, ...bytes };
  }
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, plain(value)]));
}

/**
 * Holds a record file against the one in memory: the same answers, whatever is asked in whatever order, and in the end the
 * same rows, entries and hashes, byte for byte.
 *
 * @param numRuns number of walks
 */
export async function expectRecordsLikeMemory(
  open: () => Promise<RecordStore>,
  numRuns: number,
): Promise<void> {
  const walk = fc.array(call, { maxLength: 30, size: 'max' });
  await fc.assert(
    fc.asyncProperty(walk, async (calls) => {
      await using memory = createMemoryRecordStore();
      await using real = await open();
      for (const ask of calls) {
        expect(await outcome(ask(real)), String(ask)).toEqual(await outcome(ask(memory)));
      }
      expect(await recordContentOf(real)).toEqual(await recordContentOf(memory));
    }),
    { seed: 20260401, numRuns },
  );
}

/** The same with batches that are too large for one page, one statement or one entry of the log. */
export async function expectLargeBatchesLikeMemory(real: RecordStore): Promise<void> {
  const memory = createMemoryRecordStore();
  const people = Array.from({ length: 40 }, (_, n) => n);
  const inquirer = INQUIRERS[0] as InstitutionCode;
  const batches = Array.from({ length: 3 }, (_, n) => ({
    at: AT + n,
    records: Array.from({ length: 800 }, (_, k) =>
      newRecord((k * 7) % people.length, {
        requestId: `${n}-${k}`,
        period: k % 5 === 0 ? '2025' : '2026',
        content: recordContent({ inquirer, department: `部署${k}` }),
      }),
    ),
    drafts: Array.from({ length: n === 2 ? 25_000 : 1 }, (_, k) => ({
      event: 'test.drafted',
      details: { k },
    })),
  }));
  const others = people.map((n) => n + 1_000);
  const pairs = { oldCodes: storeCodes(...people), newCodes: storeCodes(...others), generation: 2 };
  const calls: readonly Call[] = [
    ...batches.map(
      (batch): Call =>
        (store) =>
          store.append(batch),
    ),
    (store) => store.append({ at: AT, branches: people.map((n) => newBranch(n + 1, 2)) }),
    // Every person gets the code of the next one: all old ones are let go first.
    (store) =>
      store.rekey({
        ...pairs,
        period: '2026',
        newCodes: storeCodes(...people.map((n) => (n + 1) % 40)),
        at: AT,
      }),
    (store) => store.rekey({ ...pairs, period: '2026', at: AT }),
    (store) => store.settleGeneration('2026', 2, AT),
    (store) => store.personRecords({ period: '2026', recordCode: storeCodes(1_003), limit: 10_000 }),
    ...Array.from({ length: 6 }, (): Call => (store) => store.erase({ period: '2025', limit: 100, at: AT })),
  ];
  for (const ask of calls) expect(await outcome(ask(real))).toEqual(await outcome(ask(memory)));
  expect(await recordContentOf(real, 10_000)).toEqual(await recordContentOf(memory, 10_000));
  await memory.close();
}
