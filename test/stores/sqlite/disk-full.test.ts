import Sqlite from 'better-sqlite3';
import { type IssuanceStore, institutionAudience, linkKey, parseInstitutionCode } from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { describe, expect, it, vi } from 'vitest';
import { Child } from '../../support/child.js';
import { numberedCodes } from '../../support/numbered-codes.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import type { StoreIssuingLine, StoreIssuingPlan } from '../../support/store-issuing-child.js';
import { withCode } from '../../support/with-code.js';
import { batchOf } from '../contract.js';

const A = parseInstitutionCode('A1');
const folder = makeScratchFolder();
const BATCHES = Array.from({ length: 40 }, (_, n) => Array.from({ length: 200 }, (_, k) => n * 200 + k));
const EVERYBODY = BATCHES.flat();

async function registerKeys(store: IssuanceStore): Promise<void> {
  const names = [linkKey(1), institutionAudience(A, 1)];
  for (const [k, name] of names.entries()) {
    await store.registerKey({ name, fingerprint: `${k}`.padEnd(16, '0'), registeredAt: 0 });
  }
}

/** Nothing acknowledged is lost, the store is sound, the same input again does the rest and then nothing more. */
async function expectWhole(store: IssuanceStore, acknowledged: readonly number[]): Promise<void> {
  const { versions } = await store.lookUp(A, numberedCodes(acknowledged));
  expect(versions.every((version) => version === 1)).toBe(true);
  expect(await store.check()).toEqual([]);
  for (const batch of BATCHES) {
    const { versions } = await store.issue(batchOf(A, numberedCodes(batch)));
    // A batch is there as a whole or not at all.
    expect(new Set(versions).size).toBe(1);
    if (acknowledged.includes(batch[0] as number)) expect(versions[0]).toBe(1);
  }
  const before = await store.count();
  expect(before).toMatchObject({ persons: EVERYBODY.length, aliases: 0, issuances: EVERYBODY.length });
  for (const batch of BATCHES) await store.issue(batchOf(A, numberedCodes(batch)));
  expect(await store.count()).toEqual(before);
  expect(await store.check()).toEqual([]);
}

describe('a full disk', () => {
  it('by the limit of a process: what was acknowledged stays, the rest is refused and may be repeated', async () => {
    const database = folder.path('limited.sqlite');
    await using store = await openSqliteStore({ path: database });
    await registerKeys(store);
    const plan: StoreIssuingPlan = { database, institution: A, keyVersion: 1, batches: BATCHES };
    const child = new Child('store-issuing-child.ts', plan, 3_072);
    const acknowledged: number[] = [];
    let refused = 0;
    try {
      expect(await child.line()).toBe('ready');
      let n = 0;
      for (let line = await child.ask('go'); line !== undefined; line = await child.line()) {
        const told = JSON.parse(line) as StoreIssuingLine;
        if ('versions' in told) acknowledged.push(...(BATCHES[n] as number[]));
        else {
          refused++;
          expect(told.error).toMatch(/^issue: SQLITE_(FULL|IOERR\w*)$/);
        }
        n++;
      }
      expect(n).toBe(BATCHES.length);
    } finally {
      await child.kill();
    }
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
    await expectWhole(store, acknowledged);
  });

  it('by a limit on pages: no issue, change or deletion is half done', async () => {
    const pragma = vi.spyOn(Sqlite.prototype, 'pragma');
    await using store = await openSqliteStore({ path: folder.path('pages.sqlite') });
    const database = pragma.mock.contexts[0] as Sqlite.Database;
    pragma.mockRestore();
    await registerKeys(store);
    const first = BATCHES[0] as number[];
    await store.issue(batchOf(A, numberedCodes(first)));
    const before = [await store.count(), await store.persons({ limit: 100_000 })];
    database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true })}`);
    const full = withCode('STORE_FAULT', { message: /SQLITE_FULL/, retryable: true });
    const rest = EVERYBODY.slice(first.length);
    await expect(store.issue(batchOf(A, numberedCodes(rest)))).rejects.toThrow(full);
    const moves = {
      generation: 1,
      changedAt: 0,
      oldCodes: numberedCodes(rest),
      newCodes: numberedCodes(rest.map((person) => person + 100_000)),
    };
    await expect(store.change(moves)).rejects.toThrow(full);
    expect([await store.count(), await store.persons({ limit: 100_000 })]).toEqual(before);
    expect(await store.check()).toEqual([]);
    // What makes room needs none.
    const person = numberedCodes(first.slice(0, 1));
    expect(await store.remove(person)).toMatchObject([{ storeCodes: 1 }]);
    database.pragma('max_page_count = 1000000');
    await store.issue(batchOf(A, person));
    await expectWhole(store, first);
  });
});
