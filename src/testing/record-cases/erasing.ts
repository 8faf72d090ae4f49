import assert from 'node:assert/strict';
import { refused } from '../answers.js';
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
} from '../record-samples.js';
import { A } from '../samples.js';

const erasureOf = (limit: number, period = PERIOD) => ({ period, limit, at: AT + 10 });

export const erasingCases = recordCasesOf('erasing', {
  'takes the rows of one period and no others': async (store) => {
    await appendRecords(store, [1, 2]);
    await appendAll(store, {
      records: [newRecord(1, { requestId: 'kept', period: OTHER_PERIOD }), newRecord(3)],
      branches: [newBranch(1, 2)],
    });
    assert.equal(await store.erase(erasureOf(100)), 4);
    const { records, periods } = await assertFileSound(store);
    assert.deepEqual(
      records.map(({ serial, period }) => [serial, period]),
      [[3, OTHER_PERIOD]],
    );
    assert.deepEqual(periods, [
      { period: PERIOD, generation: 1, leastGeneration: 1, rows: 0, erased: true },
      { period: OTHER_PERIOD, generation: 1, leastGeneration: 1, rows: 1, erased: false },
    ]);
  },

  'leaves nothing by which a row is found': async (store) => {
    await appendRecords(store, [1]);
    await appendAll(store, { branches: [newBranch(1, 2)] });
    await store.erase(erasureOf(100));
    const page = { period: PERIOD, recordCode: recordCode(1), limit: 5 };
    assert.deepEqual(await store.personRecords(page), []);
    assert.deepEqual(await store.latest([1]), [undefined]);
    assert.deepEqual(await store.requests([{ inquirer: A, requestId: 'request-1' }]), [undefined]);
    assert.deepEqual(await store.records({ limit: 5 }), []);
  },

  'goes on in pieces until nothing is left: lowest serial numbers first, of each the last branch first':
    async (store) => {
      await appendRecords(store, [1, 2]);
      await appendAll(store, { branches: [newBranch(1, 2), newBranch(1, 3)] });
      const left = async () =>
        (await store.records({ limit: 9 })).map(({ serial, branch }) => `${serial}/${branch}`);
      assert.equal(await store.erase(erasureOf(2)), 2);
      assert.deepEqual(await left(), ['1/1', '2/1']);
      await assertFileSound(store);
      assert.equal(await store.erase(erasureOf(1)), 1);
      assert.deepEqual(await left(), ['2/1']);
      assert.equal(await store.erase(erasureOf(9)), 1);
      assert.equal(await store.erase(erasureOf(9)), 0);
      const told = readEntries(await entriesOf(store)).slice(4);
      assert.deepEqual(
        told.map(({ event, details }) => [event, details]),
        [
          ['records.erasing', { period: PERIOD }],
          ['records.erased', { period: PERIOD, rows: 2 }],
          ['records.erased', { period: PERIOD, rows: 1 }],
          ['records.erased', { period: PERIOD, rows: 1 }],
        ],
      );
      await assertFileSound(store);
    },

  'closes the period from the first call on: no record and no branch is taken, nothing of such a batch is written':
    async (store) => {
      await appendRecords(store, [1, 2]);
      await store.erase(erasureOf(1));
      await assertFileUnchanged(store, async () => {
        await refused(appendRecords(store, [3]), 'RECORD_PERIOD_RETIRED');
        await refused(appendAll(store, { branches: [newBranch(2, 2)] }), 'RECORD_PERIOD_RETIRED');
        const records = [newRecord(4, { period: OTHER_PERIOD }), newRecord(5)];
        await refused(appendAll(store, { records, drafts: [{ event: 'lost' }] }), 'RECORD_PERIOD_RETIRED');
        // What is left is told, and what was erased is not.
        assert.equal((await appendRecords(store, [2])).records[0]?.outcome, 'existed');
        await refused(appendRecords(store, [1]), 'RECORD_PERIOD_RETIRED');
      });
      await appendRecords(store, [3], { period: OTHER_PERIOD });
      assert.equal((await store.latest([3]))[0]?.period, OTHER_PERIOD);
    },

  'does not give a serial number twice': async (store) => {
    await appendRecords(store, [1, 2]);
    await store.erase(erasureOf(9));
    const { records } = await appendRecords(store, [3], { period: OTHER_PERIOD });
    assert.equal(records[0]?.record.serial, 3);
  },

  'of a period that is not known does nothing, and does not close it': async (store) => {
    await assertFileUnchanged(store, async () => {
      assert.equal(await store.erase(erasureOf(9)), 0);
    });
    await appendRecords(store, [1]);
    assert.equal((await store.periods())[0]?.erased, false);
  },

  'erases each row once, though several callers do it at once': async (store) => {
    await appendRecords(store, [1, 2, 3, 4, 5]);
    const erased = await Promise.all([2, 2, 2, 2].map((limit) => store.erase(erasureOf(limit))));
    assert.equal(
      erased.reduce((sum, rows) => sum + rows, 0),
      5,
    );
    await assertFileSound(store);
  },
});
