import assert from 'node:assert/strict';
import { parseInstitutionCode } from '../../subjects/institution-code.js';
import { casesOf } from '../contract-case.js';
import { A, B, batchOf, changeOf, range, registerInstitutions, storeCodes } from '../samples.js';

const LOWER_CASE = parseInstitutionCode('a0');
/** The first moment of 1 April 2026 in Japan. */
const APRIL = Date.UTC(2026, 2, 31, 15);

export const statisticsCases = casesOf('statistics', {
  'are empty where nothing was issued': async (store) => {
    await store.change(changeOf([[1, 2]]));
    assert.deepEqual(await store.statistics(), []);
  },

  'begin a day at midnight in Japan, which is 15:00 UTC': async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { issuedAt: APRIL - 1 }));
    await store.issue(batchOf(A, storeCodes(2, 3), { issuedAt: APRIL }));
    await store.issue(batchOf(A, storeCodes(4), { issuedAt: APRIL + 86_399_999 }));
    await store.issue(batchOf(A, storeCodes(5), { issuedAt: APRIL + 86_400_000 }));
    const days = { '2026-03-31': 1, '2026-04-01': 3, '2026-04-02': 1 };
    const expected = Object.entries(days).map(([day, issued]) => ({
      institution: A,
      keyVersion: 1,
      day,
      issued,
    }));
    assert.deepEqual(await store.statistics(), expected);
  },

  'know leap days, and days before 1970': async (store) => {
    const moments = {
      '1969-12-31': -9 * 3_600_000 - 1,
      '1970-01-01': -9 * 3_600_000,
      '2028-02-29': Date.UTC(2028, 1, 28, 15),
      '2028-03-01': Date.UTC(2028, 1, 29, 15),
    };
    for (const [k, issuedAt] of Object.values(moments).entries()) {
      await store.issue(batchOf(A, storeCodes(k), { issuedAt }));
    }
    const days = (await store.statistics()).map(({ day }) => day);
    assert.deepEqual(days, Object.keys(moments));
  },

  'come by institution, then by version as a number, then by day': async (store) => {
    await registerInstitutions(store, LOWER_CASE);
    const issued = [
      [LOWER_CASE, 1, 0],
      [B, 1, 0],
      [A, 100, 0],
      [A, 2, 1],
      [A, 10, 0],
      [A, 2, 0],
    ] as const;
    for (const [k, [institution, keyVersion, days]] of issued.entries()) {
      const issuedAt = APRIL + days * 86_400_000;
      await store.issue(batchOf(institution, storeCodes(...range(100 * k, k + 1)), { keyVersion, issuedAt }));
    }
    assert.deepEqual(await store.statistics(), [
      { institution: A, keyVersion: 2, day: '2026-04-01', issued: 6 },
      { institution: A, keyVersion: 2, day: '2026-04-02', issued: 4 },
      { institution: A, keyVersion: 10, day: '2026-04-01', issued: 5 },
      { institution: A, keyVersion: 100, day: '2026-04-01', issued: 3 },
      { institution: B, keyVersion: 1, day: '2026-04-01', issued: 2 },
      { institution: LOWER_CASE, keyVersion: 1, day: '2026-04-01', issued: 1 },
    ]);
  },

  'count what is still on record, once': async (store) => {
    await store.issue(batchOf(A, storeCodes(1, 2, 3), { issuedAt: APRIL }));
    await store.issue(batchOf(A, storeCodes(1, 2), { issuedAt: APRIL + 86_400_000, keyVersion: 2 }));
    await store.change(changeOf([[1, 11]]));
    await store.remove(storeCodes(3));
    assert.deepEqual(await store.statistics(), [
      { institution: A, keyVersion: 1, day: '2026-04-01', issued: 2 },
    ]);
  },
});

export const countingCases = casesOf('counting', {
  'counts keys alone in an empty store': async (store) => {
    assert.deepEqual(await store.count(), { keys: 2, persons: 0, aliases: 0, issuances: 0 });
  },

  'counts a person once, however often the resident record code was changed': async (store) => {
    await store.issue(batchOf(A, storeCodes(1, 5)));
    await store.issue(batchOf(B, storeCodes(1)));
    await store.change(
      changeOf([
        [1, 2],
        [2, 3],
        [8, 9],
      ]),
    );
    assert.deepEqual(await store.count(), { keys: 2, persons: 3, aliases: 3, issuances: 3 });
  },
});
