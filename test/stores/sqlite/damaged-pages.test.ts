import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import {
  type IssuanceStore,
  institutionAudience,
  linkKey,
  parseInstitutionCode,
  storeAudience,
} from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { seededBytes } from '../../support/seeded-bytes.js';
import { withCode } from '../../support/with-code.js';
import { batchOf, storeCodes } from '../contract.js';

const [A, B] = ['A1', 'B2'].map(parseInstitutionCode) as [never, never];
const PAGE_BYTES = 16_384;
const range = (first: number, count: number) => Array.from({ length: count }, (_, k) => first + k);
const folder = makeScratchFolder();
const SOUND = folder.path('sound.sqlite');

/** Calls that together read and write every table, and what they answer in a sound store. */
const CALLS: readonly ((store: IssuanceStore) => Promise<unknown>)[] = [
  (store) => store.listKeys(),
  (store) => store.lookUp(A, storeCodes(...range(0, 1_000))),
  (store) => store.lookUp(B, storeCodes(...range(800, 600))),
  (store) => store.details(A, storeCodes(...range(0, 1_000))),
  (store) => store.holders(storeCodes(...range(0, 200))),
  (store) => store.persons({ limit: 100_000 }),
  (store) => store.issuances(A, { limit: 100_000 }),
  (store) => store.statistics(),
  (store) => store.count(),
  (store) => store.issue(batchOf(A, storeCodes(...range(900, 700)), { keyVersion: 1 })),
  (store) => store.change(changes(range(0, 50), range(20_000, 50))),
  (store) => store.remove(storeCodes(...range(100, 50))),
  (store) => store.persons({ limit: 100_000 }),
];

function changes(from: readonly number[], to: readonly number[]) {
  return { generation: 1, changedAt: 5_000, oldCodes: storeCodes(...from), newCodes: storeCodes(...to) };
}

let pages = 0;
const right: unknown[] = [];

beforeAll(async () => {
  const store = await openSqliteStore({ path: SOUND });
  const keys = [linkKey(1), storeAudience(1)].map((name, k) => ({
    name,
    fingerprint: `${k}`.padEnd(16, '0'),
    registeredAt: 0,
  }));
  await store.begin(keys);
  for (const [k, institution] of [A, B].entries()) {
    const name = institutionAudience(institution, 1);
    await store.registerKey({ name, fingerprint: `f${k}`.padEnd(16, '0'), registeredAt: 0 });
    await store.issue(batchOf(institution, storeCodes(...range(k * 500, 1_000))));
  }
  await store.change(changes(range(0, 300), range(10_000, 300)));
  await store.close();
  pages = readFileSync(SOUND).length / PAGE_BYTES;
  const copy = folder.path('answers.sqlite');
  copyFileSync(SOUND, copy);
  await using sound = await openSqliteStore({ path: copy });
  expect(await sound.check()).toEqual([]);
  for (const call of CALLS) right.push(await call(sound));
});

/** Overwrites part of the file from a place on. */
async function damaged(name: string, start: number, bytes: Uint8Array, use: (path: string) => Promise<void>) {
  const path = folder.path(`${name}.sqlite`);
  const file = readFileSync(SOUND);
  file.set(bytes, start);
  writeFileSync(path, file);
  await use(path);
}

const DAMAGES = range(0, 24).map((seed) => {
  const random = seededBytes(`damage ${seed}`, 4);
  const what = seed % 2 === 0 ? 'zeros' : 'garbage';
  return { seed, what, at: ((random[0] as number) * 256 + (random[1] as number)) / 65_536 };
});

describe('a SQLite store with a page overwritten', () => {
  it.each(DAMAGES)(
    'answers right or STORE_CORRUPT, and its check names it: $what, seed $seed',
    async ({ seed, what, at }) => {
      const page = Math.floor(at * pages);
      const bytes = what === 'zeros' ? new Uint8Array(PAGE_BYTES) : seededBytes(`page ${seed}`, PAGE_BYTES);
      await damaged(`page-${seed}`, page * PAGE_BYTES, bytes, async (path) => {
        let store: IssuanceStore;
        try {
          store = await openSqliteStore({ path });
        } catch (error) {
          // The first page, with the schema.
          expect([page, error]).toEqual([0, withCode('STORE_CORRUPT')]);
          return;
        }
        await using _ = store;
        const findings = await store.check();
        expect(findings).toContainEqual(expect.objectContaining({ invariant: 'storage-intact' }));
        let refused = 0;
        for (const [k, call] of CALLS.entries()) {
          const answer = await call(store).catch((error: unknown) => error);
          if (answer instanceof Error) {
            refused++;
            expect(answer).toEqual(withCode('STORE_CORRUPT', { retryable: false }));
          } else if (k < CALLS.length - 1 || refused === 0) {
            // The last reads what the writes before it left, unless one was refused.
            expect(answer, `call ${k}`).toEqual(right[k]);
          }
        }
      });
    },
  );
});

describe('a SQLite store with a row changed inside, which SQLite does not notice', () => {
  const code = storeCodes(700);

  it.each([0, 11, 23])(
    'is named by its check: a bit in byte %i of a store code, in each row that holds it',
    async (byte) => {
      const file = readFileSync(SOUND);
      const places: number[] = [];
      for (let at = file.indexOf(code); at >= 0; at = file.indexOf(code, at + 1)) places.push(at);
      // One row of the person, and one of each institution.
      expect(places).toHaveLength(3);
      for (const [k, start] of places.entries()) {
        const flipped = Uint8Array.of((code[byte] as number) ^ 0x10);
        await damaged(`code-${byte}-${k}`, start + byte, flipped, async (path) => {
          await using store = await openSqliteStore({ path });
          expect(await store.check()).not.toEqual([]);
        });
      }
    },
  );

  it('is named by its check, and not served, when a version is none', async () => {
    const path = folder.path('version.sqlite');
    copyFileSync(SOUND, path);
    const write = (version: number) => {
      const database = new Sqlite(path);
      database.pragma('ignore_check_constraints = ON');
      database.prepare('UPDATE issuance SET key_version = ? WHERE store_code = ?').run(version, code);
      database.close();
    };
    await using store = await openSqliteStore({ path });
    write(3);
    expect(await store.check()).toEqual([{ invariant: 'issuance-version-has-key', rows: 2 }]);
    for (const version of [0, 257]) {
      write(version);
      for (const call of [
        () => store.lookUp(A, code),
        () => store.details(A, code),
        () => store.issue(batchOf(A, code)),
        () => store.issuances(A, { limit: 100_000 }),
        () => store.statistics(),
      ]) {
        await expect(call()).rejects.toThrow(withCode('STORE_CORRUPT'));
      }
    }
  });
});
