import assert from 'node:assert/strict';
import type { LogDraft } from '../../stores/log-port.js';
import { hex } from '../answers.js';
import { recordCasesOf } from '../contract-case.js';
import {
  assertFileSound,
  assertFileUnchanged,
  entriesOf,
  plainHead,
  readEntries,
} from '../record-content.js';
import { AT, appendRecords } from '../record-samples.js';
import { range } from '../samples.js';

const drafts = (count: number): LogDraft[] =>
  range(0, count).map((n) => ({ event: 'counted', details: { number: n } }));

export const loggingCases = recordCasesOf('the log', {
  'is empty at first': async (store) => {
    const zeros = '0'.repeat(64);
    assert.deepEqual(plainHead(await store.logHead()), { size: 0, at: 0, last: zeros, subtrees: [] });
    assert.deepEqual(await store.logEntries({ from: 0, limit: 5 }), []);
    assert.equal((await store.logHashes({ level: 0, from: 0, limit: 5 })).length, 0);
    assert.deepEqual(await store.checkpoints({ from: 0, limit: 5 }), []);
    assert.equal(await store.lastCheckpoint(), undefined);
  },

  'tells where appended entries stand, and when': async (store) => {
    assert.deepEqual(await store.appendLog(drafts(3), AT), { first: 0, at: AT });
    assert.deepEqual(await store.appendLog(drafts(2), AT + 5), { first: 3, at: AT + 5 });
    assert.deepEqual(await store.appendLog([], AT + 9), { first: 5, at: AT + 9 });
    assert.equal((await store.logHead()).size, 5);
  },

  'writes an entry as canonical JSON': async (store) => {
    const details = { text: '連携 "用" 符号', list: ['b', 2, 'a'], yes: true, number: -7, B: '', a: [] };
    await store.appendLog([{ event: 'a.b-c.9', details }], AT);
    const [entry] = await store.logEntries({ from: 0, limit: 1 });
    assert.equal(
      entry,
      '{"at":"2026-04-01T00:00:00.000Z","details":{"B":"","a":[],"list":["b",2,"a"],"number":-7,' +
        `"text":"連携 \\"用\\" 符号","yes":true},"event":"a.b-c.9","index":0,"previous":"${'0'.repeat(64)}"}`,
    );
    await assertFileSound(store);
  },

  'keeps the order of a batch, and of batches': async (store) => {
    await store.appendLog(drafts(5), AT);
    await appendRecords(store, [1]);
    await store.appendLog(drafts(3), AT);
    const told = readEntries(await entriesOf(store)).map(({ event, details }) => details.number ?? event);
    assert.deepEqual(told, [0, 1, 2, 3, 4, 'record', 0, 1, 2]);
  },

  'does not go back in time with the clock, and tells so': async (store) => {
    await store.appendLog(drafts(1), AT);
    assert.deepEqual(await store.appendLog(drafts(1), AT - 1), { first: 1, at: AT });
    assert.equal((await store.logHead()).at, AT);
    await assertFileSound(store);
  },

  'is not moved in time by nothing': async (store) => {
    await store.appendLog(drafts(1), AT);
    await assertFileUnchanged(store, async () => {
      await store.appendLog([], AT + 1_000);
    });
  },

  'hands out heads and hashes that are the caller’s: to wipe them changes nothing': async (store) => {
    await store.appendLog(drafts(300), AT);
    await assertFileUnchanged(store, async () => {
      const { last, subtrees } = await store.logHead();
      for (const hash of [last, ...subtrees]) hash.fill(0);
      (await store.logHashes({ level: 0, from: 0, limit: 300 })).fill(0);
      (await store.logHashes({ level: 8, from: 0, limit: 1 })).fill(0);
    });
    await store.appendLog(drafts(3), AT);
    await assertFileSound(store);
  },

  'gives entries page by page, as many as are wanted and there': async (store) => {
    await store.appendLog(drafts(10), AT);
    const all = await store.logEntries({ from: 0, limit: 100 });
    for (const [from, limit] of [
      [0, 1],
      [0, 10],
      [3, 4],
      [9, 5],
      [10, 5],
      [50, 5],
    ] as const) {
      assert.deepEqual(await store.logEntries({ from, limit }), all.slice(from, from + limit));
    }
  },

  'gives the hashes of leaves and of whole subtrees, page by page': async (store) => {
    for (const count of [200, 56, 255, 2, 1]) await store.appendLog(drafts(count), AT);
    const { hashes } = await assertFileSound(store);
    const [leaves = [], subtrees = []] = hashes;
    assert.deepEqual([leaves.length, subtrees.length], [514, 2]);
    const page = async (level: number, from: number, limit: number) =>
      hex(await store.logHashes({ level, from, limit })).match(/.{64}/g) ?? [];
    assert.deepEqual(await page(0, 500, 100), leaves.slice(500));
    assert.deepEqual(await page(0, 3, 2), leaves.slice(3, 5));
    assert.deepEqual(await page(8, 1, 1), subtrees.slice(1));
    assert.deepEqual(await page(8, 2, 9), []);
    assert.deepEqual(await page(16, 0, 9), []);
  },

  'has the head of a tree computed apart, however many entries a batch has': async (store) => {
    for (const count of [1, 2, 3, 1, 7, 16, 1, 33]) {
      await store.appendLog(drafts(count), AT);
      await assertFileSound(store);
    }
  },

  'takes entries from several callers at once, each batch in one piece': async (store) => {
    const sizes = range(1, 20);
    const told = await Promise.all(sizes.map((size) => store.appendLog(drafts(size), AT)));
    const { entries } = await assertFileSound(store);
    const numbers = readEntries(entries).map(({ details }) => details.number);
    told.forEach(({ first }, k) => {
      assert.deepEqual(numbers.slice(first, first + (sizes[k] as number)), range(0, sizes[k] as number));
    });
    assert.equal(entries.length, 210);
  },
});

export const checkpointsCases = recordCasesOf('checkpoints', {
  'are kept as they are': async (store) => {
    const note = 'origin\n5\nhash=\n\n— 印 signature\n';
    assert.equal(await store.addCheckpoint({ size: 5, note }), 'inserted');
    assert.deepEqual(await store.checkpoints({ from: 0, limit: 5 }), [{ size: 5, note }]);
    assert.deepEqual(await store.lastCheckpoint(), { size: 5, note });
  },

  'have one of the largest size, which is the last': async (store) => {
    for (const size of [5, 8, 13]) await store.addCheckpoint({ size, note: `of ${size}` });
    assert.deepEqual(await store.lastCheckpoint(), { size: 13, note: 'of 13' });
  },

  'exist already when the same note is there, also below a later one': async (store) => {
    await store.addCheckpoint({ size: 5, note: 'five' });
    assert.equal(await store.addCheckpoint({ size: 5, note: 'five' }), 'existed');
    await store.addCheckpoint({ size: 7, note: 'seven' });
    assert.equal(await store.addCheckpoint({ size: 5, note: 'five' }), 'existed');
  },

  'conflict with another one of their size, or a later one, and change nothing then': async (store) => {
    await store.addCheckpoint({ size: 5, note: 'five' });
    await assertFileUnchanged(store, async () => {
      assert.equal(await store.addCheckpoint({ size: 5, note: 'another' }), 'conflict');
      assert.equal(await store.addCheckpoint({ size: 4, note: 'four' }), 'conflict');
      assert.equal(await store.addCheckpoint({ size: 0, note: 'five' }), 'conflict');
    });
  },

  'come by ascending size, page by page': async (store) => {
    const sizes = [0, 2, 9, 10, 100];
    for (const size of sizes) await store.addCheckpoint({ size, note: `of ${size}` });
    const read = async (from: number, limit: number) =>
      (await store.checkpoints({ from, limit })).map(({ size }) => size);
    assert.deepEqual(await read(0, 100), sizes);
    assert.deepEqual(await read(0, 2), [0, 2]);
    assert.deepEqual(await read(3, 2), [9, 10]);
    assert.deepEqual(await read(100, 2), [100]);
    assert.deepEqual(await read(101, 2), []);
  },

  'of one size that several callers add at once are one': async (store) => {
    const outcomes = await Promise.all(
      range(0, 8).map((n) => store.addCheckpoint({ size: 5, note: `note ${n % 2}` })),
    );
    const [kept] = await store.checkpoints({ from: 0, limit: 5 });
    assert.equal(outcomes.filter((outcome) => outcome === 'inserted').length, 1);
    outcomes.forEach((outcome, n) => {
      assert.equal(outcome === 'conflict', kept?.note !== `note ${n % 2}`);
    });
  },
});
