import { institutionAudience, parseInstitutionCode } from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { expect, test } from 'vitest';
import { Child } from '../../support/child.js';
import { numberedCodes } from '../../support/numbered-codes.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import type { StoreIssuingLine, StoreIssuingPlan } from '../../support/store-issuing-child.js';

const A = parseInstitutionCode('A1');
const PROCESSES = 4;
const PEOPLE = 3_000;
const BATCH = 100;
const folder = makeScratchFolder();

/** Everybody in batches; each process in an order of its own, so that they meet in the middle of one another's. */
function batchesOf(process: number): number[][] {
  const people = Array.from({ length: PEOPLE }, (_, k) => (k * (2 * process + 7) + process * 500) % PEOPLE);
  return Array.from({ length: PEOPLE / BATCH }, (_, k) => people.slice(k * BATCH, (k + 1) * BATCH));
}

test('processes that issue for the same people at once: one row a person, and no caller sees an error', async () => {
  const database = folder.path('shared.sqlite');
  const plans = Array.from({ length: PROCESSES }, (_, k): StoreIssuingPlan => {
    // Steps that have no factor in common with the number of people reach everybody.
    return { database, institution: A, keyVersion: k + 1, batches: batchesOf([0, 2, 3, 6][k] as number) };
  });
  for (const { batches } of plans) expect(new Set(batches.flat()).size).toBe(PEOPLE);
  await using store = await openSqliteStore({ path: database });
  for (const { keyVersion } of plans) {
    const fingerprint = `${keyVersion}`.padEnd(16, '0');
    await store.registerKey({ name: institutionAudience(A, keyVersion), fingerprint, registeredAt: 0 });
  }
  const children = plans.map((plan) => new Child('store-issuing-child.ts', plan));
  try {
    for (const child of children) expect(await child.line()).toBe('ready');
    // All begin together.
    const told = await Promise.all(
      plans.map(async ({ batches }, k) => {
        const child = children[k] as Child;
        const lines: StoreIssuingLine[] = [];
        let line = await child.ask('go');
        for (; line !== undefined; line = await child.line()) lines.push(JSON.parse(line));
        expect(lines).toHaveLength(batches.length);
        return lines.flatMap((one, n) => {
          if ('error' in one) throw new Error(one.error);
          return one.versions.map((version, row) => [batches[n]?.[row] as number, version] as const);
        });
      }),
    );

    const everybody = Array.from({ length: PEOPLE }, (_, k) => k);
    const { versions } = await store.lookUp(A, numberedCodes(everybody));
    const inserted = new Map<number, number>();
    told.forEach((answers, k) => {
      const mine = k + 1;
      for (const [person, version] of answers) {
        if (version === 0) inserted.set(person, (inserted.get(person) ?? 0) + 1);
        // Whoever is told a version is told that of the one who inserted.
        expect(versions[person]).toBe(version === 0 ? mine : version);
      }
    });
    expect(inserted.size).toBe(PEOPLE);
    expect([...inserted.values()].every((times) => times === 1)).toBe(true);
    // They did meet.
    expect(new Set(versions).size).toBeGreaterThan(1);
    expect(await store.count()).toMatchObject({ persons: PEOPLE, issuances: PEOPLE });
    expect(await store.check()).toEqual([{ invariant: 'person-generation-has-key', rows: PEOPLE }]);
  } finally {
    for (const child of children) await child.kill();
  }
}, 120_000);
