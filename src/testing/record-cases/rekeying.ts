import assert from 'node:assert/strict';
import type { RecordCodePairs, RecordStore } from '../../stores/record-port.js';
import { hex, refused } from '../answers.js';
import { recordCasesOf } from '../contract-case.js';
import { assertFileSound, assertFileUnchanged, entriesOf, readEntries } from '../record-content.js';
import {
  AT,
  appendAll,
  appendRecords,
  newBranch,
  newRecord,
  OTHER_PERIOD,
  PERIOD,
  recordCode,
  recordCodes,
} from '../record-samples.js';
import { range } from '../samples.js';

function pairsOf(
  pairs: readonly (readonly [number, number])[],
  changes: Partial<RecordCodePairs> = {},
): RecordCodePairs {
  return {
    period: PERIOD,
    oldCodes: recordCodes(...pairs.map(([old]) => old)),
    newCodes: recordCodes(...pairs.map(([, own]) => own)),
    generation: 2,
    at: AT + 10,
    ...changes,
  };
}

async function serialsOf(store: RecordStore, person: number, period = PERIOD): Promise<readonly number[]> {
  const rows = await store.personRecords({ period, recordCode: recordCode(person), limit: 100 });
  for (const row of rows) assert.equal(hex(row.recordCode), hex(recordCode(person)));
  return rows.map(({ serial }) => serial);
}

export const rekeyingCases = recordCasesOf('new record codes', {
  'put all branches of the people, in this period only, under their new codes': async (store) => {
    await appendRecords(store, [1, 2]);
    await appendAll(store, {
      records: [
        newRecord(1, { requestId: 'again' }),
        newRecord(1, { requestId: 'other', period: OTHER_PERIOD }),
      ],
      branches: [newBranch(1, 2)],
    });
    assert.equal(await store.rekey(pairsOf([[1, 101]])), 3);
    assert.deepEqual(await serialsOf(store, 101), [3, 1, 1]);
    assert.deepEqual(await serialsOf(store, 1), []);
    assert.deepEqual(await serialsOf(store, 2), [2]);
    assert.deepEqual(await serialsOf(store, 1, OTHER_PERIOD), [4]);
    await assertFileSound(store);
  },

  'append one entry with the new digests, which the rows name': async (store) => {
    await appendRecords(store, [1, 2, 3]);
    await appendAll(store, { branches: [newBranch(3, 2)] });
    await store.rekey(
      pairsOf([
        [3, 103],
        [1, 101],
      ]),
    );
    const entry = readEntries(await entriesOf(store)).at(-1);
    const rows = (await store.records({ limit: 10 })).filter(({ serial }) => serial !== 2);
    assert.equal(entry?.event, 'records.re-keyed');
    assert.deepEqual(entry?.details, {
      period: PERIOD,
      serials: [1, 3, 3],
      branches: [1, 1, 2],
      digests: rows.map(({ digest }) => digest),
    });
    assert.deepEqual(
      rows.map((row) => row.entry),
      [4, 4, 4],
    );
    assert.equal(entry?.at, new Date(AT + 10).toISOString());
  },

  'leave contents, moments and requests as they were': async (store) => {
    await appendRecords(store, [1]);
    const [before] = await store.records({ limit: 1 });
    await store.rekey(pairsOf([[1, 101]]));
    const [after] = await store.records({ limit: 1 });
    assert.deepEqual([after?.content, after?.recordedAt], [before?.content, before?.recordedAt]);
    assert.notEqual(after?.digest, before?.digest);
    const { records } = await appendRecords(store, [1], { generation: 2 });
    assert.deepEqual([records[0]?.outcome, records[0]?.record.digest], ['existed', after?.digest]);
  },

  'are taken by later branches': async (store) => {
    await appendRecords(store, [1]);
    await store.rekey(pairsOf([[1, 101]]));
    await appendAll(store, { branches: [newBranch(1, 2)] });
    assert.deepEqual(await serialsOf(store, 101), [1, 1]);
    await assertFileSound(store);
  },

  'change nothing the second time': async (store) => {
    await appendRecords(store, [1, 2]);
    const pairs = pairsOf([
      [1, 101],
      [2, 102],
      [3, 103],
    ]);
    assert.equal(await store.rekey(pairs), 2);
    await assertFileUnchanged(store, async () => {
      assert.equal(await store.rekey(pairs), 0);
    });
  },

  'of two people may be each the old one of the other': async (store) => {
    await appendRecords(store, [1, 2, 3]);
    assert.equal(
      await store.rekey(
        pairsOf([
          [1, 2],
          [2, 3],
          [3, 1],
        ]),
      ),
      3,
    );
    assert.deepEqual(
      [await serialsOf(store, 2), await serialsOf(store, 3), await serialsOf(store, 1)],
      [[1], [2], [3]],
    );
    await assertFileSound(store);
  },

  'bring the records of several codes under one, in their order': async (store) => {
    await appendRecords(store, [1, 2, 3, 4]);
    assert.equal(
      await store.rekey(
        pairsOf([
          [4, 2],
          [1, 2],
        ]),
      ),
      2,
    );
    assert.deepEqual(await serialsOf(store, 2), [4, 2, 1]);
    await assertFileSound(store);
  },

  'of an old code that came before, or that are the old ones, are passed over': async (store) => {
    await appendRecords(store, [1, 2]);
    assert.equal(
      await store.rekey(
        pairsOf([
          [1, 101],
          [1, 102],
          [2, 2],
        ]),
      ),
      1,
    );
    assert.deepEqual([await serialsOf(store, 101), await serialsOf(store, 2)], [[1], [2]]);
    await assertFileSound(store);
  },

  'of more than a thousand rows have an entry for each thousand': async (store) => {
    const people = range(0, 1_201);
    await appendRecords(store, people);
    await appendAll(store, { branches: range(1, 900).map((serial) => newBranch(serial, 2)) });
    assert.equal(
      await store.rekey(pairsOf(people.map((person) => [person, person + 5_000] as const))),
      2_101,
    );
    const { entries } = await assertFileSound(store);
    const sizes = readEntries(entries)
      .filter(({ event }) => event === 'records.re-keyed')
      .map(({ details }) => (details.digests as readonly string[]).length);
    assert.deepEqual(sizes, [1_000, 1_000, 101]);
  },

  'in a period that is not known do nothing': async (store) => {
    await appendRecords(store, [1]);
    await assertFileUnchanged(store, async () => {
      assert.equal(await store.rekey(pairsOf([[1, 101]], { period: '2030' })), 0);
    });
  },

  'from the first on keep new records under codes of a lower generation out': async (store) => {
    await appendRecords(store, [1], { generation: 2 });
    await appendRecords(store, [2], { generation: 3 });
    assert.equal(await store.rekey(pairsOf([[99, 199]], { generation: 3 })), 0);
    assert.deepEqual(await store.periods(), [
      { period: PERIOD, generation: 2, leastGeneration: 3, rows: 2, erased: false },
    ]);
    await assertFileUnchanged(store, async () => {
      await refused(appendRecords(store, [3], { generation: 2 }), 'KEYS_CHANGED');
      const mixed = [newRecord(4, { generation: 3 }), newRecord(3, { generation: 2 })];
      await refused(appendAll(store, { records: mixed, drafts: [{ event: 'lost' }] }), 'KEYS_CHANGED');
      // What is on record is told all the same.
      assert.equal((await appendRecords(store, [1], { generation: 1 })).records[0]?.outcome, 'existed');
    });
    await appendRecords(store, [3], { generation: 3 });
    await store.rekey(pairsOf([], { generation: 2 }));
    assert.equal((await store.periods())[0]?.leastGeneration, 3);
  },
});

export const settlingCases = recordCasesOf('the generation of a period', {
  'is raised, with an entry': async (store) => {
    await appendRecords(store, [1]);
    assert.equal(await store.settleGeneration(PERIOD, 4, AT + 10), 'inserted');
    assert.deepEqual(await store.periods(), [
      { period: PERIOD, generation: 4, leastGeneration: 4, rows: 1, erased: false },
    ]);
    const { entries } = await assertFileSound(store);
    const last = readEntries(entries).at(-1);
    assert.deepEqual(
      [last?.event, last?.details, last?.at],
      ['records.generation', { generation: 4, period: PERIOD }, new Date(AT + 10).toISOString()],
    );
    await refused(appendRecords(store, [2], { generation: 3 }), 'KEYS_CHANGED');
  },

  'is so already, is lower, or is of a period that is not known: then nothing changes': async (store) => {
    await appendRecords(store, [1], { generation: 3 });
    await assertFileUnchanged(store, async () => {
      assert.equal(await store.settleGeneration(PERIOD, 3, AT), 'existed');
      assert.equal(await store.settleGeneration(PERIOD, 2, AT), 'conflict');
      assert.equal(await store.settleGeneration('2030', 3, AT), 'conflict');
    });
  },
});
