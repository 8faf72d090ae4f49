import assert from 'node:assert/strict';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { MAX_BATCH_ROWS, type PageRequest } from '../../stores/port.js';
import { hex, hexRows, ownCodes } from '../answers.js';
import { issuancesOf, personsOf } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, B, batchOf, changeOf, range, storeCode, storeCodes } from '../samples.js';

const PEOPLE = range(1, 12);
const IN_ORDER = PEOPLE.map((person) => hex(storeCode(person))).sort();

/** Codes that a comparison of signed bytes, or of texts, would put in another order. */
const EDGES = ['00', '01', '41', '61', '7f', '80', 'ff'].map((byte) => byte.padEnd(2 * CODE_LENGTH, '0'));

export const pagingCases = casesOf('reading page by page', {
  'gives every row once and in the order of the codes, whatever the limit': async (store) => {
    await store.issue(batchOf(A, storeCodes(...PEOPLE)));
    for (const limit of [1, 5, 6, 11, 12, 13, MAX_BATCH_ROWS]) {
      const [persons, issuances] = [await personsOf(store, limit), await issuancesOf(store, A, limit)];
      assert.deepEqual(
        persons.map(({ code }) => code),
        IN_ORDER,
      );
      assert.deepEqual(
        issuances.map(({ code }) => code),
        IN_ORDER,
      );
    }
  },

  'fills a page as far as there are rows': async (store) => {
    await store.issue(batchOf(A, storeCodes(...PEOPLE)));
    for (const [limit, rows] of [
      [1, 1],
      [11, 11],
      [12, 12],
      [13, 12],
    ] as const) {
      assert.equal((await store.persons({ limit })).storeCodes.length, rows * CODE_LENGTH);
      assert.equal((await store.issuances(A, { limit })).storeCodes.length, rows * CODE_LENGTH);
    }
  },

  'is empty in an empty store, and after the last row': async (store) => {
    const after = new Uint8Array(CODE_LENGTH).fill(0xff);
    const read = async () => {
      const [persons, issuances] = [
        await store.persons({ after, limit: 3 }),
        await store.issuances(A, { after, limit: 3 }),
      ];
      assert.deepEqual(
        [persons.storeCodes.length, persons.generations.length, persons.canonical.size],
        [0, 0, 0],
      );
      assert.deepEqual([issuances.storeCodes.length, issuances.keyVersions.length], [0, 0]);
    };
    await read();
    assert.deepEqual([await personsOf(store, 3), await issuancesOf(store, A, 3)], [[], []]);
    await store.issue(batchOf(A, storeCodes(1, 2)));
    await read();
  },

  'compares codes as bytes without a sign': async (store) => {
    const codes = Uint8Array.from(Buffer.from(EDGES.toReversed().join(''), 'hex'));
    await store.issue(batchOf(A, codes));
    for (const limit of [1, 2, 100]) {
      const persons = await personsOf(store, limit);
      assert.deepEqual(
        persons.map(({ code }) => code),
        EDGES,
      );
    }
  },

  'reads on after a code that is no row, or no longer one': async (store) => {
    await store.issue(batchOf(A, storeCodes(...PEOPLE)));
    const after = Uint8Array.from(Buffer.from(IN_ORDER[4] as string, 'hex'));
    await store.remove(after);
    const rest = IN_ORDER.slice(5);
    assert.deepEqual(hexRows((await store.persons({ after, limit: 20 })).storeCodes), rest);
    assert.deepEqual(hexRows((await store.issuances(A, { after, limit: 20 })).storeCodes), rest);
  },

  "tells of people the generation, and of a changed code the person's own": async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { generation: 3 }));
    await store.change(changeOf([[1, 2]], { generation: 3 }));
    await store.issue(batchOf(A, storeCodes(5), { generation: 255 }));
    const { storeCodes: codes, generations, canonical } = await store.persons({ limit: 10 });
    const rows = [1, 2, 5].map((n) => hex(storeCode(n))).sort();
    assert.deepEqual(hexRows(codes), rows);
    const fifth = rows.indexOf(hex(storeCode(5)));
    assert.deepEqual(
      [...generations],
      rows.map((_, k) => (k === fifth ? 255 : 3)),
    );
    assert.deepEqual(ownCodes(canonical), [[rows.indexOf(hex(storeCode(2))), hex(storeCode(1))]]);
  },

  "tells of an institution its own rows, under the persons' own codes": async (store) => {
    await store.change(changeOf([[1, 2]]));
    await store.issue(batchOf(A, storeCodes(2), { keyVersion: 255 }));
    await store.issue(batchOf(B, storeCodes(3)));
    const { storeCodes: codes, keyVersions } = await store.issuances(A, { limit: 10 });
    assert.deepEqual([hexRows(codes), [...keyVersions]], [[hex(storeCode(1))], [255]]);
  },

  'reads the rows that stay once, whatever is written meanwhile': async (store) => {
    const people = range(1, 40);
    const stayed = people.map((person) => hex(storeCode(person))).sort();
    await store.issue(batchOf(A, storeCodes(...people)));
    const reads = {
      persons: (page: PageRequest) => store.persons(page),
      issuances: (page: PageRequest) => store.issuances(A, page),
    };
    for (const [what, read] of Object.entries(reads)) {
      const seen: string[] = [];
      for (let round = 0, page: PageRequest = { limit: 7 }; ; round++) {
        const [{ storeCodes: codes }] = await Promise.all([
          read(page),
          store.issue(batchOf(A, storeCodes(...range(100 + 3 * round, 3)))),
          store.remove(storeCodes(...range(98 + 3 * round, 2))),
        ]);
        seen.push(...hexRows(codes));
        if (codes.length < 7 * CODE_LENGTH) break;
        page = { after: codes.slice(-CODE_LENGTH), limit: 7 };
      }
      assert.deepEqual(seen, [...new Set(seen)].sort(), `${what} come once and in order`);
      const ofThose = seen.filter((code) => stayed.includes(code));
      assert.deepEqual(ofThose, stayed, `${what} that stay are read`);
    }
  },
});
