import fc from 'fast-check';
import { createMemoryStore, type IssuanceStore } from 'renkei';
import { describe, expect, test } from 'vitest';
import { inBatches, liveThrough, makePopulation, type Population } from '../../support/population.js';
import { syntheticResidentTexts } from '../../support/residents.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { openSoftwareIssuer } from '../../support/software-issuer.js';
import { answersOf, onlineAnswers } from './answers.js';

const folder = makeScratchFolder();
let loads = 0;

async function rowsOf(store: IssuanceStore): Promise<unknown> {
  const page = { limit: 100_000 };
  return { persons: await store.persons(page), issuances: await store.issuances('A1' as never, page) };
}

/** The same list through the bulk load and online, on stores with the same past. */
async function bothWays(population: Population, reissue: boolean, batchRows: number) {
  const store = createMemoryStore();
  const world = await openSoftwareIssuer({ store });
  const { issuer } = world;
  await liveThrough(world, population);
  const load = await issuer.openBulkLoad('A1', {
    folder: folder.path(`load-${loads++}`),
    reissue,
    checkpointRows: 23,
    storeBatchRows: batchRows,
  });
  await load.receive(inBatches(population.list, 10));
  await load.store();
  const answers = await answersOf(load, { batchRows: 7 });
  await load.erase();

  const online = await openSoftwareIssuer();
  await liveThrough(online, population);
  const expected = await onlineAnswers(online.issuer, population.list, reissue);
  return { answers, expected, rows: await rowsOf(store), expectedRows: await rowsOf(online.store), load };
}

describe('a bulk load answers as the online path does', () => {
  test.each([
    { reissue: false, batchRows: 100_000 },
    { reissue: true, batchRows: 100_000 },
    { reissue: false, batchRows: 3 },
    { reissue: true, batchRows: 3 },
  ])('repeats, malformed entries, issued before, older versions, changed codes: %o', async (how) => {
    const population = makePopulation(150);
    const { answers, expected, rows, expectedRows } = await bothWays(population, how.reissue, how.batchRows);
    expect(answers).toEqual(expected);
    expect(rows).toEqual(expectedRows);
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses).toEqual(new Set(['issued', 'already-issued', 'refused']));
  });

  test('for any list over any past', async () => {
    const residents = syntheticResidentTexts(5, 0, 12);
    const renamed = syntheticResidentTexts(5, 12, 12);
    const entry = fc.oneof(
      { weight: 8, arbitrary: fc.nat(11) },
      { weight: 1, arbitrary: fc.constantFrom('', '123456789012', '00000000001') },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 40 }),
        fc.uniqueArray(fc.nat(11)),
        fc.uniqueArray(fc.nat(11)),
        fc.boolean(),
        fc.integer({ min: 1, max: 10 }),
        async (entries, issued, changed, reissue, batchRows) => {
          const isChanged = new Set(changed);
          const nameOf = (n: number) => (isChanged.has(n) ? renamed : residents)[n] as string;
          const population = {
            list: entries.map((given) => (typeof given === 'number' ? nameOf(given) : given)),
            issuedBefore: issued.map((n) => residents[n] as string),
            changes: changed.map((n) => ({ old: residents[n] as string, new: renamed[n] as string })),
          };
          const { answers, expected, rows, expectedRows } = await bothWays(population, reissue, batchRows);
          expect(answers).toEqual(expected);
          expect(rows).toEqual(expectedRows);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of old and new code of one person in one list exactly one is issued, and both have the same code', async () => {
    const [old = '', other = ''] = syntheticResidentTexts(8, 0, 2);
    const population = { list: [other, old], issuedBefore: [], changes: [{ old, new: other }] };
    const { answers } = await bothWays(population, true, 100_000);
    expect(answers.map(({ status }) => status).sort()).toEqual(['already-issued', 'issued']);
    expect(answers[0]).toHaveProperty('code');
    expect(new Set(answers.map((answer) => 'code' in answer && answer.code)).size).toBe(1);
  });

  test('packed residents are served like texts, and wiped', async () => {
    const { issuer } = await openSoftwareIssuer();
    const texts = syntheticResidentTexts(9, 0, 30);
    const packed = new Uint8Array(Buffer.from(`${texts.join('')}00000000001`));
    const load = await issuer.openBulkLoad('A1', { folder: folder.path('packed'), reissue: true });
    await load.receive([packed]);
    expect(packed.every((byte) => byte === 0)).toBe(true);
    await load.store();
    const answers = await answersOf(load);
    expect(answers.pop()).toEqual({ status: 'refused', error: 'RESIDENT_RECORD_CODE_CHECK_DIGIT' });
    const again = await onlineAnswers(issuer, texts, true);
    expect(answers.map((answer) => 'code' in answer && answer.code)).toEqual(
      again.map((answer) => 'code' in answer && answer.code),
    );
    expect(load.counts).toEqual({ issued: 30, alreadyIssued: 0, refused: 1 });
    await load.erase();
  });
});
