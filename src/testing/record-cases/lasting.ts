import assert from 'node:assert/strict';
import { hex, refused } from '../answers.js';
import { recordCasesOf } from '../contract-case.js';
import { assertFileSound, plainAll, recordContentOf } from '../record-content.js';
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

/** What a record store that outlives its process keeps to besides, for it may be open in several at once. */
export const lastingRecordsCases = recordCasesOf('opened again, or twice at once', {
  'keeps everything over closing and opening, and goes on from there': async (first, openAgain) => {
    await appendRecords(first, range(0, 300));
    await appendAll(first, {
      branches: [newBranch(2, 2)],
      drafts: [{ event: 'one', details: { count: 1 } }],
    });
    await appendAll(first, {
      records: [newRecord(500, { period: OTHER_PERIOD }), newRecord(501, { period: OTHER_PERIOD })],
    });
    await first.addCheckpoint({ size: 100, note: 'a note' });
    const [oldCodes, newCodes] = [recordCodes(7), recordCodes(1_007)];
    await first.rekey({ period: PERIOD, oldCodes, newCodes, generation: 2, at: AT });
    await first.settleGeneration(PERIOD, 2, AT + 1);
    await first.erase({ period: OTHER_PERIOD, limit: 1, at: AT + 2 });
    const content = await recordContentOf(first);
    await first.close();
    const second = await openAgain();
    assert.deepEqual(await recordContentOf(second), content);
    const { records } = await appendRecords(second, [8, 600], { generation: 2 });
    assert.deepEqual(
      records.map(({ outcome, record }) => [outcome, record.serial]),
      [
        ['existed', 9],
        ['inserted', 303],
      ],
    );
    await refused(appendRecords(second, [601], { period: OTHER_PERIOD }), 'RECORD_PERIOD_RETIRED');
    await assertFileSound(second);
  },

  'lets each connection see at once what the other has written': async (one, openAgain) => {
    const other = await openAgain();
    await appendRecords(one, [1]);
    const { records } = await appendRecords(other, [1, 2]);
    assert.deepEqual(
      records.map(({ outcome }) => outcome),
      ['existed', 'inserted'],
    );
    assert.equal((await appendAll(one, { branches: [newBranch(2, 2)] })).branches[0]?.outcome, 'inserted');
    assert.deepEqual(await other.appendLog([{ event: 'seen' }], AT), { first: 3, at: AT });
    assert.deepEqual(await recordContentOf(one), await recordContentOf(other));
    await other.erase({ period: PERIOD, limit: 1, at: AT });
    await refused(appendRecords(one, [3]), 'RECORD_PERIOD_RETIRED');
  },

  'closes one connection without the other': async (one, openAgain) => {
    const other = await openAgain();
    await one.close();
    await refused(one.logHead(), 'STORE_CLOSED');
    assert.equal((await appendRecords(other, [1])).records[0]?.outcome, 'inserted');
  },

  'writes a request once, though several connections are asked': async (one, openAgain) => {
    const stores = [one, await openAgain(), await openAgain()];
    const sets = range(0, 18).map((k) => range(0, 20).map((n) => (n * (k + 3)) % 37));
    const written = await Promise.all(
      sets.map((people, k) => appendRecords(stores[k % 3] as typeof one, people)),
    );
    const { records } = await assertFileSound(one);
    const serialOf = new Map(records.map((row) => [row.recordCode, row.serial]));
    assert.deepEqual(
      [...serialOf.values()].toSorted((a, b) => a - b),
      range(1, serialOf.size),
    );
    written.forEach(({ records: answers }, k) => {
      assert.deepEqual(
        answers.map(({ record }) => record.serial),
        sets[k]?.map((person) => serialOf.get(hex(recordCode(person)))),
      );
    });
  },

  'keeps one log, though several connections append to it': async (one, openAgain) => {
    const stores = [one, await openAgain(), await openAgain()];
    await Promise.all(
      range(0, 30).map(async (k) => {
        const store = stores[k % 3] as typeof one;
        if (k % 2 === 0)
          await store.appendLog(
            range(0, k).map(() => ({ event: 'some' })),
            AT + k,
          );
        else await appendRecords(store, range(100 * k, k));
      }),
    );
    const content = await assertFileSound(one);
    assert.equal(content.entries.length, 435);
    for (const store of stores) assert.deepEqual(await recordContentOf(store), content);
  },

  'gives a branch to one of several connections': async (one, openAgain) => {
    const stores = [one, await openAgain(), await openAgain()];
    await appendRecords(one, range(0, 10));
    const wanted = range(1, 10).map((serial) => newBranch(serial, 2));
    const answers = await Promise.all(stores.map((store) => appendAll(store, { branches: wanted })));
    for (const k of wanted.keys()) {
      const outcomes = answers.map(({ branches }) => branches[k]?.outcome).sort();
      assert.deepEqual(outcomes, ['conflict', 'conflict', 'inserted']);
    }
    assert.equal(plainAll(await one.records({ limit: 100 })).length, 20);
  },
});
