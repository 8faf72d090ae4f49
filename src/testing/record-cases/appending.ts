import assert from 'node:assert/strict';
import type { NewRecordOutcome, RecordsWritten } from '../../stores/record-port.js';
import { hex } from '../answers.js';
import { recordCasesOf } from '../contract-case.js';
import {
  assertFileSound,
  assertFileUnchanged,
  entriesOf,
  plain,
  plainAll,
  readEntries,
} from '../record-content.js';
import {
  AT,
  appendAll,
  appendRecords,
  newBranch,
  newRecord,
  OTHER_PERIOD,
  recordCode,
  recordContent,
} from '../record-samples.js';
import { B, range } from '../samples.js';

const told = ({ records }: RecordsWritten) =>
  records.map(({ outcome, record }: NewRecordOutcome) => `${outcome} ${record.serial}/${record.branch}`);

export const appendingCases = recordCasesOf('appending', {
  'gives serial numbers from 1 on, without gaps, in the order of the batch': async (store) => {
    assert.deepEqual(told(await appendRecords(store, [5, 3, 4])), [
      'inserted 1/1',
      'inserted 2/1',
      'inserted 3/1',
    ]);
    assert.deepEqual(told(await appendRecords(store, [9])), ['inserted 4/1']);
    const { records } = await assertFileSound(store);
    assert.deepEqual(
      records.map((row) => row.recordCode),
      [5, 3, 4, 9].map((person) => hex(recordCode(person))),
    );
  },

  'tells what was written as it is read later': async (store) => {
    const written = await appendAll(store, {
      records: [
        newRecord(1),
        newRecord(2, {
          period: OTHER_PERIOD,
          content: recordContent({
            outcome: 'not-permitted',
            refusal: '別表第二にない',
            items: ['一', '二'],
            visibleFrom: AT + 5,
            nonDisclosure: true,
          }),
        }),
      ],
    });
    const rows = await store.records({ limit: 10 });
    assert.deepEqual(plainAll(written.records.map(({ record }) => record)), plainAll(rows));
    assert.deepEqual(rows[0]?.content, recordContent());
    assert.equal(rows[0]?.recordedAt, AT);
    assert.equal(rows[1]?.period, OTHER_PERIOD);
    await assertFileSound(store);
  },

  'answers a request that is on record with its first branch, whatever it asks now': async (store) => {
    const first = await appendRecords(store, [1]);
    await appendAll(store, { branches: [newBranch(1, 2)] });
    await assertFileUnchanged(store, async () => {
      const again = await appendAll(store, {
        records: [newRecord(2, { requestId: 'request-1', period: OTHER_PERIOD })],
      });
      assert.deepEqual(told(again), ['existed 1/1']);
      assert.deepEqual(
        plainAll(again.records.map(({ record }) => record)),
        plainAll(first.records.map(({ record }) => record)),
      );
    });
  },

  'answers a request that a batch holds twice with the row of the first': async (store) => {
    const records = [1, 2, 1, 3].map((person) => newRecord(person));
    const written = await appendAll(store, { records });
    assert.deepEqual(told(written), ['inserted 1/1', 'inserted 2/1', 'existed 1/1', 'inserted 3/1']);
    assert.equal((await assertFileSound(store)).records.length, 3);
  },

  'keeps the requests of two inquirers apart, though they are named alike': async (store) => {
    const ofOther = newRecord(2, { requestId: 'request-1', content: recordContent({ inquirer: B }) });
    const written = await appendAll(store, { records: [newRecord(1), ofOther] });
    assert.deepEqual(told(written), ['inserted 1/1', 'inserted 2/1']);
  },

  'tells names of requests apart that differ in upper and lower case': async (store) => {
    const records = ['Request', 'request', 'REQUEST'].map((requestId) => newRecord(1, { requestId }));
    assert.deepEqual(told(await appendAll(store, { records })), [
      'inserted 1/1',
      'inserted 2/1',
      'inserted 3/1',
    ]);
  },

  'takes a branch that comes next, and keeps the ones before': async (store) => {
    await appendRecords(store, [1, 2]);
    const { branches } = await appendAll(store, {
      branches: [newBranch(1, 2), newBranch(1, 3, { changeReason: '訂正' })],
    });
    assert.deepEqual(
      branches.map(({ outcome }) => outcome),
      ['inserted', 'inserted'],
    );
    const { records } = await assertFileSound(store);
    assert.deepEqual(
      records.map(({ serial, branch }) => [serial, branch]),
      [
        [1, 1],
        [1, 2],
        [1, 3],
        [2, 1],
      ],
    );
    assert.equal(new Set(records.slice(0, 3).map((row) => row.recordCode)).size, 1);
    assert.equal(records[2]?.content.changeReason, '訂正');
  },

  'refuses a branch as a conflict unless it comes next, and writes the rest': async (store) => {
    await appendRecords(store, [1, 2]);
    await appendAll(store, { branches: [newBranch(2, 2)] });
    const { branches } = await appendAll(store, {
      branches: [
        newBranch(1, 3),
        newBranch(2, 2),
        newBranch(99, 2),
        newBranch(1, 2),
        newBranch(1, 2),
        newBranch(2, 4),
      ],
    });
    assert.deepEqual(
      branches.map(({ outcome }) => outcome),
      ['conflict', 'conflict', 'conflict', 'inserted', 'conflict', 'conflict'],
    );
    assert.equal((await assertFileSound(store)).records.length, 4);
  },

  'tells of a branch as it is read later': async (store) => {
    await appendRecords(store, [1]);
    const { branches } = await appendAll(store, { branches: [newBranch(1, 2, { items: ['追加'] })] });
    const [written] = branches;
    assert.ok(written?.outcome === 'inserted');
    const [, row] = await store.records({ limit: 10 });
    assert.ok(row !== undefined);
    assert.deepEqual(plain(written.record), plain(row));
  },

  'appends to the log the drafts, then an entry a record, then an entry a branch': async (store) => {
    await appendRecords(store, [1]);
    const { records, branches } = await appendAll(store, {
      drafts: [{ event: 'first', details: { count: 1 } }, { event: 'second' }],
      records: [newRecord(1), newRecord(2), newRecord(3)],
      branches: [newBranch(9, 2), newBranch(1, 2)],
    });
    const entries = readEntries(await entriesOf(store)).slice(1);
    const row = (serial: number, branch: number) => ({ serial, branch, period: '2026' });
    assert.deepEqual(
      entries.map(({ event, details: { digest, ...details } }) => ({ event, ...details })),
      [
        { event: 'first', count: 1 },
        { event: 'second' },
        { event: 'record', ...row(2, 1) },
        { event: 'record', ...row(3, 1) },
        { event: 'record', ...row(1, 2) },
      ],
    );
    const inserted = [...records, ...branches].flatMap((one) =>
      one.outcome === 'inserted' ? [one.record] : [],
    );
    assert.deepEqual(
      inserted.map(({ entry }) => entry),
      [3, 4, 5],
    );
    assert.deepEqual(
      entries.slice(2).map(({ details }) => details.digest),
      inserted.map(({ digest }) => digest),
    );
    await assertFileSound(store);
  },

  'appends the drafts of branches last, of those that were inserted only': async (store) => {
    await appendRecords(store, [1, 2]);
    const answered = (serial: number) => ({ draft: { event: 'answered', details: { serial } } });
    await appendAll(store, {
      drafts: [{ event: 'first' }],
      records: [newRecord(3)],
      branches: [
        { ...newBranch(2, 2), ...answered(2) },
        { ...newBranch(9, 2), ...answered(9) },
        newBranch(1, 2),
        { ...newBranch(1, 3), ...answered(1) },
      ],
    });
    const entries = readEntries(await entriesOf(store)).slice(2);
    assert.deepEqual(
      entries.map(({ event, details }) => [event, details.serial]),
      [
        ['first', undefined],
        ['record', 3],
        ['record', 2],
        ['record', 1],
        ['record', 1],
        ['answered', 2],
        ['answered', 1],
      ],
    );
    await assertFileSound(store);
  },

  'tells of a first branch, and of no other, under which name and generation it was asked for': async (
    store,
  ) => {
    await appendRecords(store, [1], { generation: 3 });
    await appendAll(store, { branches: [newBranch(1, 2)] });
    const origins = (await store.records({ limit: 5 })).map(({ origin }) => origin);
    assert.deepEqual(origins, [{ requestId: 'request-1', generation: 3 }, undefined]);
  },

  'changes nothing by an empty batch': async (store) => {
    await appendRecords(store, [1]);
    await assertFileUnchanged(store, async () => {
      assert.deepEqual(await appendAll(store, {}), { records: [], branches: [] });
      assert.deepEqual(await appendAll(store, { records: [], branches: [], drafts: [] }), {
        records: [],
        branches: [],
      });
    });
  },

  'does not go back in time with the clock': async (store) => {
    await store.append({ at: AT, records: [newRecord(1)] });
    await store.append({ at: AT - 5_000, records: [newRecord(2)], branches: [newBranch(1, 2)] });
    await store.append({ at: AT + 1, records: [newRecord(3)] });
    const { records } = await assertFileSound(store);
    assert.deepEqual(
      records.map(({ serial, branch, recordedAt }) => [serial, branch, recordedAt - AT]),
      [
        [1, 1, 0],
        [1, 2, 0],
        [2, 1, 0],
        [3, 1, 1],
      ],
    );
  },

  'keeps what it was given, whatever the caller does with its own afterwards': async (store) => {
    const given = { recordCode: recordCode(1), items: ['一'] };
    const record = newRecord(1, {
      recordCode: given.recordCode,
      content: recordContent({ items: given.items }),
    });
    const writing = store.append({ at: AT, records: [record] });
    const { records } = await writing;
    given.recordCode.fill(0);
    given.items.push('二');
    assert.equal(hex(records[0]?.record.recordCode ?? new Uint8Array()), hex(recordCode(1)));
    const [row] = await store.records({ limit: 1 });
    assert.equal(hex(row?.recordCode ?? new Uint8Array()), hex(recordCode(1)));
    assert.deepEqual(row?.content.items, ['一']);
  },

  'counts the rows of each period, and knows its first generation': async (store) => {
    assert.deepEqual(await store.periods(), []);
    await appendRecords(store, [1, 2], { generation: 3 });
    await appendRecords(store, [3], { period: '2025', generation: 2 });
    await appendRecords(store, [4], { generation: 4 });
    await appendAll(store, { branches: [newBranch(1, 2)] });
    assert.deepEqual(await store.periods(), [
      { period: '2025', generation: 2, leastGeneration: 2, rows: 1, erased: false },
      { period: '2026', generation: 3, leastGeneration: 3, rows: 4, erased: false },
    ]);
  },

  'writes once what several callers ask at once, and tells each of the one row': async (store) => {
    const sets = range(0, 12).map((k) => range(0, 20).map((n) => (n * (k + 3)) % 23));
    const written = await Promise.all(sets.map((people) => appendRecords(store, people)));
    const { records } = await assertFileSound(store);
    const serialOf = new Map(records.map((row) => [row.recordCode, row.serial]));
    assert.equal(serialOf.size, records.length);
    written.forEach(({ records: answers }, k) => {
      assert.deepEqual(
        answers.map(({ record }) => record.serial),
        sets[k]?.map((person) => serialOf.get(hex(recordCode(person)))),
      );
    });
    const inserted = written.flatMap((one) => one.records).filter(({ outcome }) => outcome === 'inserted');
    assert.equal(inserted.length, records.length);
  },

  'gives a branch that several callers want at once to one of them': async (store) => {
    await appendRecords(store, range(0, 10));
    const wanted = range(1, 10).map((serial) => newBranch(serial, 2));
    const answers = await Promise.all(range(0, 6).map(() => appendAll(store, { branches: wanted })));
    for (const k of wanted.keys()) {
      const outcomes = answers.map(({ branches }) => branches[k]?.outcome).sort();
      assert.deepEqual(outcomes, [...Array<string>(5).fill('conflict'), 'inserted']);
    }
    assert.equal((await assertFileSound(store)).records.length, 20);
  },
});
