import { copyFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import {
  type IssuanceStore,
  institutionAudience,
  linkKey,
  parseInstitutionCode,
  storeAudience,
} from 'renkei';
import { backUpSqliteStore, openSqliteStore } from 'renkei/sqlite';
import { describe, expect, test } from 'vitest';
import { Child } from '../../support/child.js';
import { numberedCodes } from '../../support/numbered-codes.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import type { StoreRotatingPlan } from '../../support/store-rotating-child.js';
import { withCode } from '../../support/with-code.js';

const [A, B] = ['A1', 'B2'].map(parseInstitutionCode) as [never, never];
const PEOPLE = 4_000;
/** Codes under the new key stand so far behind those under the old one; aliases in between. */
const ALIAS = 1_000_000;
const SUCCESSOR = 2_000_000;
const folder = makeScratchFolder();
let files = 0;

type NewRotation = Parameters<IssuanceStore['beginRotation']>[0];
type RotationStatus = Parameters<IssuanceStore['moveRotation']>[0]['to'];

const STORE_ROTATION: NewRotation = {
  kind: 'store',
  subject: '*',
  notes: 'persons',
  successor: { generation: 1, storeKeyVersion: 2 },
  parts: 0,
  plan: '',
  createdAt: 1_000,
};

const numbers = (first: number, count: number) => Array.from({ length: count }, (_, k) => first + k);
const batch = (institution: never, people: readonly number[]) => ({
  ...{ institution, keyVersion: 1, generation: 1, issuedAt: 1_000 },
  storeCodes: numberedCodes(people),
});

/** A new store with keys for two institutions. */
async function makeStore(): Promise<{ path: string; store: IssuanceStore }> {
  const path = folder.path(`${files++}.sqlite`);
  const store = await openSqliteStore({ path });
  const names = [linkKey(1), storeAudience(1), institutionAudience(A, 1), institutionAudience(B, 1)];
  for (const [k, name] of [...names, storeAudience(2)].entries()) {
    await store.registerKey({ name, fingerprint: `${k}`.padEnd(16, '0'), registeredAt: 0 });
  }
  return { path, store };
}

async function go(store: IssuanceStore, ...statuses: readonly RotationStatus[]): Promise<void> {
  for (const [k, to] of statuses.slice(1).entries()) {
    const from = statuses[k] as RotationStatus;
    expect(await store.moveRotation({ id: 1, from, to, at: 2_000 })).toBe('inserted');
  }
}

/** A store whose rows are about to be moved: every third person has an alias, every sixth one without successor. */
async function makeRetiring(): Promise<string> {
  const { path, store } = await makeStore();
  const people = numbers(0, PEOPLE);
  await store.issue(batch(A, people));
  await store.issue(batch(B, people.slice(0, PEOPLE / 2)));
  const changed = people.filter((n) => n % 3 === 0);
  const newCodes = numberedCodes(changed.map((n) => ALIAS + n));
  await store.change({ generation: 1, changedAt: 1_500, oldCodes: numberedCodes(changed), newCodes });
  expect(await store.beginRotation(STORE_ROTATION)).toBe(1);
  const succeeding = [...people, ...changed.filter((n) => n % 6 === 3).map((n) => ALIAS + n)];
  const outcomes = await store.succeed({
    oldCodes: numberedCodes(succeeding),
    newCodes: numberedCodes(succeeding.map((n) => SUCCESSOR + n)),
  });
  expect(new Set(outcomes)).toEqual(new Set(['inserted']));
  await go(store, 'running', 'verified', 'switched');
  // Under the new key while the person is still under the old one.
  const late = { oldCodes: numberedCodes([SUCCESSOR + 6]), newCodes: numberedCodes([7_000_000]) };
  expect(await store.change({ generation: 1, changedAt: 1_600, ...late })).toEqual(['inserted']);
  await go(store, 'switched', 'retiring');
  await store.close();
  return path;
}

/** All that is in the tables. */
function contentOf(path: string): unknown {
  const database = new Sqlite(path);
  try {
    return ['person', 'issuance', 'succession', 'rotation'].map((table) =>
      database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).raw().all(),
    );
  } finally {
    database.close();
  }
}

async function moveAll(path: string, limit: number): Promise<number> {
  await using store = await openSqliteStore({ path });
  let moved = 0;
  for (let step = await store.moveRows(limit); step > 0; step = await store.moveRows(limit)) moved += step;
  expect(await store.check()).toEqual([]);
  return moved;
}

describe('moving rows to a new store key', () => {
  test('kill −9 at any moment, and again by another process, ends in the same rows', async () => {
    const start = await makeRetiring();
    const undisturbed = folder.path('undisturbed.sqlite');
    copyFileSync(start, undisturbed);
    const aliases = numbers(0, PEOPLE).filter((n) => n % 6 === 3).length;
    expect(await moveAll(undisturbed, 100_000)).toBe(PEOPLE + aliases);
    const expected = contentOf(undisturbed);
    for (const kill of numbers(0, 8)) {
      const path = folder.path(`killed-${kill}.sqlite`);
      copyFileSync(start, path);
      const plan: StoreRotatingPlan = { database: path, task: { move: 150 } };
      const child = new Child('store-rotating-child.ts', plan);
      expect(await child.line()).toBe('ready');
      let line = await child.ask('go');
      for (let k = 0; k < kill && line !== undefined; k++) line = await child.line();
      await new Promise((resolve) => setTimeout(resolve, kill));
      await child.kill();
      await moveAll(path, 300);
      expect(contentOf(path)).toEqual(expected);
    }
  }, 120_000);

  test('between two steps every person is found, under either key until moved and under the new one after', async () => {
    const path = await makeRetiring();
    await using store = await openSqliteStore({ path });
    const people = numbers(0, PEOPLE);
    const successors = numberedCodes(people.map((n) => SUCCESSOR + n));
    const late = numberedCodes([7_000_000]);
    do {
      const { versions, canonical, aliases } = await store.lookUp(A, successors);
      expect(versions.every((version) => version === 1)).toBe(true);
      expect([canonical.size, aliases.size]).toEqual([0, 0]);
      expect(await store.lookUp(A, late)).toEqual({
        versions: Uint8Array.of(1),
        canonical: new Map([[0, numberedCodes([SUCCESSOR + 6])]]),
        aliases: new Set([0]),
      });
    } while ((await store.moveRows(777)) > 0);
    const { versions } = await store.lookUp(A, numberedCodes(people));
    expect(versions.every((version) => version === 0)).toBe(true);
    expect(await store.moveRotation({ id: 1, from: 'retiring', to: 'retired', at: 3_000 })).toBe('inserted');
  });

  test('a rotation is not retired while a row stands under the old key', async () => {
    const path = await makeRetiring();
    await using store = await openSqliteStore({ path });
    await store.moveRows(10);
    expect(await store.moveRotation({ id: 1, from: 'retiring', to: 'retired', at: 3_000 })).toBe('conflict');
  });

  test('a deleted person is gone under both keys, with alias, note and successor', async () => {
    const { path, store } = await makeStore();
    await store.issue(batch(A, [1, 2]));
    await store.beginRotation(STORE_ROTATION);
    const change = { oldCodes: numberedCodes([1]), newCodes: numberedCodes([ALIAS]) };
    await store.change({ generation: 1, changedAt: 0, ...change });
    expect(await store.noted(10)).toHaveLength(1);
    await store.succeed({ oldCodes: numberedCodes([1]), newCodes: numberedCodes([SUCCESSOR]) });
    const [removed] = await store.remove(numberedCodes([SUCCESSOR]));
    expect(removed).toMatchObject({ storeCodes: 2, issuances: [{ institution: A }] });
    await store.close();
    const database = new Sqlite(path);
    for (const [table, rows] of [
      ['person', 1],
      ['issuance', 1],
      ['succession', 0],
      ['noted', 0],
    ]) {
      expect([table, database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()]).toEqual([table, rows]);
    }
    database.close();
  });

  test('a copy made in the middle of it goes on where the store was', async () => {
    const path = await makeRetiring();
    const store = await openSqliteStore({ path });
    await store.moveRows(500);
    const copy = folder.path(`${files++}.copy`);
    await backUpSqliteStore({ path, copy });
    await store.close();
    for (const file of [path, copy]) await moveAll(file, 1_000);
    expect(contentOf(copy)).toEqual(contentOf(path));
  });
});

describe('several processes', () => {
  test('claim different parts, and every part is done once', async () => {
    const parts = 300;
    const { path, store } = await makeStore();
    await store.beginRotation({ ...STORE_ROTATION, parts });
    const workers = ['w-1', 'w-2', 'w-3'];
    const children = workers.map((claimAs) => {
      const plan: StoreRotatingPlan = { database: path, task: { claimAs } };
      return new Child('store-rotating-child.ts', plan);
    });
    try {
      for (const child of children) expect(await child.line()).toBe('ready');
      const claimed = await Promise.all(
        children.map(async (child) => {
          const mine: number[] = [];
          let line = await child.ask('go');
          for (; line !== undefined; line = await child.line()) mine.push(Number(line));
          return mine;
        }),
      );
      expect(claimed.flat().sort((a, b) => a - b)).toEqual(numbers(0, parts));
      const done = await store.parts(1);
      expect(done.map(({ report }) => report)).toEqual(
        done.map((_, part) => workers[claimed.findIndex((mine) => mine.includes(part))]),
      );
    } finally {
      for (const child of children) await child.kill();
      await store.close();
    }
  }, 60_000);

  test('codes of an epoch that another process has ended are refused while the row is not yet written', async () => {
    const { path, store } = await makeStore();
    await using other = await openSqliteStore({ path });
    await store.beginRotation({ ...STORE_ROTATION, notes: [] });
    const { epoch } = await other.outlook();
    await other.issue(batch(A, [1]), { epoch });
    await go(store, 'running', 'verified', 'switched');
    const refused = withCode('KEYS_CHANGED', { retryable: true });
    await expect(other.issue(batch(A, [2]), { epoch })).rejects.toThrow(refused);
    await expect(other.lookUp(A, numberedCodes([1]), { epoch })).rejects.toThrow(refused);
    await expect(other.persons({ limit: 1, epoch })).rejects.toThrow(refused);
    await expect(other.check({ epoch })).rejects.toThrow(refused);
    expect(await other.count({ epoch: epoch + 1 })).toMatchObject({ persons: 1, issuances: 1 });
    await store.close();
  });

  test('a note has a number that is never used again', async () => {
    const { path, store } = await makeStore();
    await store.beginRotation(STORE_ROTATION);
    await store.issue(batch(A, [1]));
    const [first] = await store.noted(1);
    await store.settle([first?.note as number]);
    await store.close();
    await using again = await openSqliteStore({ path });
    await again.issue(batch(A, [2]));
    expect((await again.noted(1))[0]?.note).toBeGreaterThan(first?.note as number);
  });
});
