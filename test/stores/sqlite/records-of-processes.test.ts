import Sqlite from 'better-sqlite3';
import { parseInstitutionCode, type RecordStore } from 'renkei';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { describe, expect, it } from 'vitest';
import { Child } from '../../support/child.js';
import { assertFileSound } from '../../support/record-file.js';
import type { RecordFileLine, RecordFilePlan } from '../../support/record-file-child.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';

const A = parseInstitutionCode('A1');
const folder = makeScratchFolder();
const SIZE = 50;
/** After how many acknowledged batches, and how many milliseconds later, each child is killed. */
const KILLS = Array.from({ length: 6 }, (_, n) => ({ batches: (n * 7) % 13, delayMs: (n * 5) % 11 }));

/** Every row has its entry and every entry of a row its row; serial numbers have no gap. Gives the number of records. */
async function expectWhole(store: RecordStore): Promise<number> {
  const { records } = await assertFileSound(store);
  const first = records.filter(({ branch }) => branch === 1);
  expect(first.map(({ serial }) => serial)).toEqual(first.map((_, k) => k + 1));
  return first.length;
}

async function expectAcknowledged(
  store: RecordStore,
  told: readonly (readonly [string, number])[],
): Promise<void> {
  const found = await store.requests(told.map(([requestId]) => ({ inquirer: A, requestId })));
  expect(found.map((record) => record?.serial)).toEqual(told.map(([, serial]) => serial));
}

function requestsIn(line: string): readonly (readonly [string, number])[] {
  const told = JSON.parse(line) as RecordFileLine;
  if ('error' in told) throw new Error(told.error);
  return told.requests;
}

describe('a record file on SQLite in processes of their own', () => {
  it('kill −9 in the middle of a batch leaves whole batches, every acknowledged one, and no row without its entry', async () => {
    const database = folder.path('killed.sqlite');
    const acknowledged: (readonly [string, number])[] = [];
    for (const [life, { batches, delayMs }] of KILLS.entries()) {
      const plan: RecordFilePlan = { database, first: life * 1_000_000, batches: 10_000, size: SIZE };
      const child = new Child('record-file-child.ts', plan);
      expect(await child.line()).toBe('ready');
      child.tell('go');
      for (let k = 0; k < batches; k++) acknowledged.push(...requestsIn((await child.line()) as string));
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await child.kill();
      for (let line = await child.line(); line !== undefined; line = await child.line()) {
        acknowledged.push(...requestsIn(line));
      }
      await using store = await openSqliteRecordStore({ path: database });
      await expectAcknowledged(store, acknowledged);
      expect((await expectWhole(store)) % SIZE).toBe(0);
    }
    expect(acknowledged.length).toBeGreaterThan(0);
    const connection = new Sqlite(database);
    expect(connection.pragma('integrity_check', { simple: true })).toBe('ok');
    connection.close();
  }, 120_000);

  it('several at once write one log and one row of serial numbers, and no caller sees an error', async () => {
    const database = folder.path('shared.sqlite');
    // They ask for overlapping requests.
    const plans = [0, 500, 1_000].map(
      (first): RecordFilePlan => ({ database, first, batches: 20, size: SIZE }),
    );
    const children = plans.map((plan) => new Child('record-file-child.ts', plan));
    try {
      for (const child of children) expect(await child.line()).toBe('ready');
      const told = await Promise.all(
        children.map(async (child) => {
          const requests: (readonly [string, number])[] = [];
          for (let line = await child.ask('go'); line !== undefined; line = await child.line()) {
            requests.push(...requestsIn(line));
          }
          return requests;
        }),
      );
      await using store = await openSqliteRecordStore({ path: database });
      for (const requests of told) {
        expect(requests).toHaveLength(20 * SIZE);
        await expectAcknowledged(store, requests);
      }
      expect(await expectWhole(store)).toBe(2_000);
    } finally {
      for (const child of children) await child.kill();
    }
  }, 120_000);
});
