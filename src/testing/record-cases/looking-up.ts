import assert from 'node:assert/strict';
import type { AccessRecord, RecordStore } from '../../stores/record-port.js';
import { recordCasesOf } from '../contract-case.js';
import { plainAll, plainEach } from '../record-content.js';
import {
  appendAll,
  appendRecords,
  newBranch,
  newRecord,
  OTHER_PERIOD,
  PERIOD,
  recordCode,
  recordContent,
} from '../record-samples.js';
import { A, B, range } from '../samples.js';

const numbers = (records: readonly (AccessRecord | undefined)[]) =>
  records.map((record) => (record === undefined ? undefined : `${record.serial}/${record.branch}`));

/** Ten records, every other one of person 1, of which some have further branches. */
async function fill(store: RecordStore): Promise<void> {
  const records = range(1, 10).map((n) => newRecord(n, n % 2 === 1 ? { recordCode: recordCode(1) } : {}));
  await appendAll(store, { records });
  await appendAll(store, { branches: [newBranch(3, 2), newBranch(3, 3), newBranch(4, 2), newBranch(9, 2)] });
}

export const lookingUpRecordsCases = recordCasesOf('looking up', {
  'finds requests by inquirer and name, in the order that was asked': async (store) => {
    await appendAll(store, {
      records: [
        newRecord(1),
        newRecord(2, { requestId: 'request-1', content: recordContent({ inquirer: B }) }),
      ],
    });
    await appendAll(store, { branches: [newBranch(1, 2)] });
    const asked = [
      { inquirer: B, requestId: 'request-1' },
      { inquirer: B, requestId: 'request-2' },
      { inquirer: A, requestId: 'request-1' },
      { inquirer: B, requestId: 'request-1' },
    ];
    const found = await store.requests(asked);
    assert.deepEqual(numbers(found), ['2/1', undefined, '1/1', '2/1']);
    assert.deepEqual(await store.requests([]), []);
  },

  'gives the last branch of serial numbers, in the order that was asked': async (store) => {
    await fill(store);
    const found = await store.latest([9, 99, 1, 3, 3]);
    assert.deepEqual(numbers(found), ['9/2', undefined, '1/1', '3/3', '3/3']);
    assert.deepEqual(await store.latest([]), []);
  },

  'reads the same row by every way': async (store) => {
    await fill(store);
    const rows = await store.records({ limit: 100 });
    const first = rows.filter(({ branch }) => branch === 1);
    const asked = range(1, 10).map((n) => ({ inquirer: A, requestId: `request-${n}` }));
    assert.deepEqual(plainEach(await store.requests(asked)), plainAll(first));
    const own = rows.filter(({ serial }) => serial === 4);
    const page = { period: PERIOD, recordCode: recordCode(4), limit: 10 };
    assert.deepEqual(plainAll(await store.personRecords(page)), plainAll(own));
    assert.deepEqual(plainEach(await store.latest([4])), plainAll(own.slice(-1)));
  },

  "gives a person's records newest first, each with its branches in their order, and nobody else's": async (
    store,
  ) => {
    await fill(store);
    const page = { period: PERIOD, recordCode: recordCode(1), limit: 100 };
    assert.deepEqual(numbers(await store.personRecords(page)), [
      '9/1',
      '9/2',
      '7/1',
      '5/1',
      '3/1',
      '3/2',
      '3/3',
      '1/1',
    ]);
  },

  "gives a person's records page by page, each with all branches of its serial numbers": async (store) => {
    await fill(store);
    for (const limit of [1, 2, 3, 4, 5, 6]) {
      const seen: string[] = [];
      for (let before = {}; ; ) {
        const page = await store.personRecords({
          period: PERIOD,
          recordCode: recordCode(1),
          limit,
          ...before,
        });
        const serials = new Set(page.map(({ serial }) => serial));
        assert.ok(serials.size <= limit);
        seen.push(...(numbers(page) as string[]));
        assert.ok(seen.length <= 8, 'the pages come to an end');
        if (serials.size < limit) break;
        before = { beforeSerial: page.at(-1)?.serial };
      }
      assert.deepEqual(seen, ['9/1', '9/2', '7/1', '5/1', '3/1', '3/2', '3/3', '1/1'], `by ${limit}`);
    }
  },

  'finds a person in the period that is asked for only': async (store) => {
    await appendRecords(store, [1]);
    const there = newRecord(1, { requestId: 'other', period: OTHER_PERIOD });
    await appendAll(store, { records: [there] });
    const ofPeriod = async (period: string) =>
      numbers(await store.personRecords({ period, recordCode: recordCode(1), limit: 5 }));
    assert.deepEqual(await ofPeriod(PERIOD), ['1/1']);
    assert.deepEqual(await ofPeriod(OTHER_PERIOD), ['2/1']);
    assert.deepEqual(await ofPeriod('2030'), []);
  },

  'gives rows by serial number and branch, page by page': async (store) => {
    await fill(store);
    const all = numbers(await store.records({ limit: 100 }));
    assert.equal(all.length, 14);
    assert.deepEqual(all.slice(2, 7), ['3/1', '3/2', '3/3', '4/1', '4/2']);
    for (const limit of [1, 2, 3, 13, 14, 15]) {
      const seen: string[] = [];
      for (let after = {}; ; ) {
        const page = await store.records({ limit, ...after });
        seen.push(...(numbers(page) as string[]));
        assert.ok(seen.length <= all.length, 'the pages come to an end');
        const last = page.at(-1);
        if (page.length < limit || last === undefined) break;
        after = { after: { serial: last.serial, branch: last.branch } };
      }
      assert.deepEqual(seen, all, `by ${limit}`);
    }
  },

  'hands out record codes that are the caller’s: to wipe one changes nothing': async (store) => {
    const written = await appendRecords(store, [1]);
    const [before] = plainAll(await store.records({ limit: 1 }));
    written.records[0]?.record.recordCode.fill(0);
    for (const record of await store.records({ limit: 1 })) record.recordCode.fill(0);
    assert.deepEqual(plainAll(await store.records({ limit: 1 })), [before]);
    const page = { period: PERIOD, recordCode: recordCode(1), limit: 1 };
    assert.deepEqual(plainAll(await store.personRecords(page)), [before]);
  },

  'is empty where nothing is': async (store) => {
    assert.deepEqual(await store.records({ limit: 5 }), []);
    assert.deepEqual(await store.periods(), []);
    await fill(store);
    assert.deepEqual(await store.records({ after: { serial: 10, branch: 1 }, limit: 5 }), []);
    const page = { period: PERIOD, recordCode: recordCode(1), limit: 5 };
    assert.deepEqual(await store.personRecords({ ...page, beforeSerial: 1 }), []);
    assert.deepEqual(await store.personRecords({ ...page, recordCode: recordCode(99) }), []);
  },
});
