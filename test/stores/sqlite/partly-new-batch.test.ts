import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore, institutionAudience, parseInstitutionCode } from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'renkei-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const institution = parseInstitutionCode('A1');
const person = (n: number) => new Uint8Array(24).fill(n);
const batch = (...persons: number[]) => Uint8Array.from(persons.flatMap((n) => [...person(n)]));

test('a batch that is new, held, repeated or all of it at once is answered as by the memory store', async () => {
  await using sqlite = await openSqliteStore({ path: join(folder, 'a.sqlite') });
  await using memory = createMemoryStore();
  const key = { name: institutionAudience('A1', 1), fingerprint: '0'.repeat(16), registeredAt: 0 };
  for (const store of [sqlite, memory]) await store.registerKey(key);
  const answers = async (keyVersion: number, storeCodes: Uint8Array) => {
    const request = { institution, keyVersion, generation: 1, issuedAt: 0, storeCodes };
    const [ofSqlite, ofMemory] = [await sqlite.issue(request), await memory.issue(request)];
    expect(ofSqlite).toEqual(ofMemory);
    expect(await sqlite.count()).toEqual(await memory.count());
    return [...ofSqlite.versions];
  };
  expect(await answers(1, batch(5, 3, 4))).toEqual([0, 0, 0]);
  expect(await answers(2, batch(3, 4, 5))).toEqual([1, 1, 1]);
  expect(await answers(2, batch(9, 3, 8))).toEqual([0, 1, 0]);
  expect(await answers(3, batch(7, 7, 6))).toEqual([0, 3, 0]);
  expect(await answers(4, batch(2, 7, 2, 8, 2))).toEqual([0, 3, 4, 2, 4]);
});
