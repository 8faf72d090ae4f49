import assert from 'node:assert/strict';
import { parseInstitutionCode } from '../../subjects/institution-code.js';
import { hex } from '../answers.js';
import { assertUnchanged, notesOf } from '../content.js';
import { casesOf, storeKeyCasesOf } from '../contract-case.js';
import { begun, GENERATION_ROTATION, go, rotationOf, successorsOf } from '../rotation-samples.js';
import { A, B, batchOf, changeOf, registerInstitutions, storeCode, storeCodes } from '../samples.js';

const NEW = parseInstitutionCode('New');
/** Notes as texts: of a person, or of an institution's row. */
const person = (number: number) => `- ${hex(storeCode(number))}`;
const row = (institution: string, number: number) => `${institution} ${hex(storeCode(number))}`;

export const notingCases = [
  ...casesOf('noting rows', {
    'notes nothing where no rotation wants it': async (store) => {
      await store.issue(batchOf(A, storeCodes(1)));
      await begun(store, rotationOf(B));
      await store.issue(batchOf(A, storeCodes(2)));
      await store.change(changeOf([[1, 3]]));
      assert.deepEqual(await store.noted(10), []);
    },

    "notes an institution's new rows under the person's own code, once": async (store) => {
      await store.issue(batchOf(A, storeCodes(1)));
      await store.issue(batchOf(B, storeCodes(2)));
      await store.change(changeOf([[2, 12]]));
      await begun(store, rotationOf(A));
      await store.issue(batchOf(A, storeCodes(1, 12, 3, 3)));
      await store.issue(batchOf(A, storeCodes(2, 3)));
      await store.issue(batchOf(B, storeCodes(3)));
      assert.deepEqual(await notesOf(store), [row('A1', 2), row('A1', 3)].sort());
    },

    'notes people and their aliases': async (store) => {
      await store.issue(batchOf(A, storeCodes(1)));
      await begun(store, rotationOf(A, { subject: '*', notes: 'persons' }));
      await store.issue(batchOf(A, storeCodes(1, 2)));
      await store.issue(batchOf(B, storeCodes(2)));
      await store.change(
        changeOf([
          [1, 11],
          [3, 13],
          [11, 1],
          [2, 13],
        ]),
      );
      assert.deepEqual(await notesOf(store), [2, 3, 11, 13].map(person).sort());
    },

    'notes everything, of institutions that are registered later too': async (store) => {
      await begun(store, rotationOf(A, { subject: '*', notes: 'everything' }));
      await registerInstitutions(store, NEW);
      await store.issue(batchOf(NEW, storeCodes(1)));
      await store.issue(batchOf(A, storeCodes(1)));
      assert.deepEqual(await notesOf(store), [person(1), row('New', 1), row('A1', 1)].sort());
    },

    'gives the oldest first, of one institution or all, no more than wanted': async (store) => {
      await begun(store, rotationOf(A, { subject: '*', notes: 'everything' }));
      for (const institution of [A, B, A]) {
        await store.issue(batchOf(institution, storeCodes(institution === A ? 1 : 2)));
        await store.issue(batchOf(institution, storeCodes(institution === A ? 3 : 4)));
      }
      const all = await store.noted(100);
      assert.equal(all.length, 8);
      const numbers = all.map(({ note }) => note);
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      );
      assert.equal(new Set(numbers).size, 8);
      assert.deepEqual(await store.noted(3), all.slice(0, 3));
      const ofA = all.filter(({ institution }) => institution === A);
      assert.deepEqual(await store.noted(100, A), ofA);
      assert.deepEqual(await store.noted(1, A), ofA.slice(0, 1));
      assert.deepEqual(await store.noted(100, NEW), []);
      assert.deepEqual(
        ofA.map(({ storeCode: code }) => hex(code)),
        [1, 3].map((number) => hex(storeCode(number))),
      );
    },

    'forgets what is settled, and uses its number never again': async (store) => {
      const id = await begun(store, rotationOf(A));
      await store.issue(batchOf(A, storeCodes(1)));
      const [first] = (await store.noted(10)).map(({ note }) => note) as [number];
      await store.issue(batchOf(A, storeCodes(2)));
      await store.settle([first, first, 1_000_000]);
      assert.deepEqual(await notesOf(store), [row('A1', 2)]);
      const [second] = (await store.noted(10)).map(({ note }) => note) as [number];
      await store.settle([second]);
      await assertUnchanged(store, async () => {
        await store.settle([first, second]);
        await store.settle([]);
      });
      await go(store, id, 'running', 'verified', 'switched', 'retiring', 'retired');
      await begun(store, rotationOf(A));
      await store.issue(batchOf(A, storeCodes(3)));
      const [third] = (await store.noted(10)).map(({ note }) => note) as [number];
      assert.ok(second > first && third > second);
    },

    'goes on while a rotation is paused or verified, and ends with the switch or an abortion': async (
      store,
    ) => {
      const id = await begun(store, rotationOf(A));
      await go(store, id, 'running', 'paused');
      await store.issue(batchOf(A, storeCodes(1)));
      await go(store, id, 'paused', 'running', 'verified');
      await store.issue(batchOf(A, storeCodes(2)));
      assert.deepEqual(await notesOf(store), [row('A1', 1), row('A1', 2)].sort());
      await store.settle((await store.noted(10)).map(({ note }) => note));
      await go(store, id, 'verified', 'switched');
      await store.issue(batchOf(A, storeCodes(3)));
      await go(store, id, 'switched', 'retiring');
      await store.issue(batchOf(A, storeCodes(4)));
      await go(store, id, 'retiring', 'retired');
      const aborting = await begun(store, rotationOf(A));
      await go(store, aborting, 'running', 'aborting');
      await store.issue(batchOf(A, storeCodes(5)));
      assert.deepEqual(await store.noted(10), []);
    },

    'forgets the notes of a person who is removed': async (store) => {
      await begun(store, rotationOf(A, { subject: '*', notes: 'everything' }));
      await store.issue(batchOf(A, storeCodes(1, 2)));
      await store.change(changeOf([[1, 11]]));
      await store.remove(storeCodes(11));
      assert.deepEqual(await notesOf(store), [person(2), row('A1', 2)].sort());
    },

    'notes every row that is issued at once with others, and no row twice': async (store) => {
      await begun(store, rotationOf(A));
      const sets = [
        [1, 2, 3, 4],
        [4, 3, 2, 1],
        [3, 4, 5, 6],
      ];
      await Promise.all(sets.map((set) => store.issue(batchOf(A, storeCodes(...set)))));
      assert.deepEqual(await notesOf(store), [1, 2, 3, 4, 5, 6].map((number) => row('A1', number)).sort());
    },
  }),
  ...storeKeyCasesOf('noting rows', {
    'notes no person whose successor came along, but the issuance': async (store) => {
      await begun(store, GENERATION_ROTATION);
      await store.issue(batchOf(A, storeCodes(1), { successors: successorsOf(101) }));
      await store.change(changeOf([[1, 2]], { successors: successorsOf(102) }));
      await store.change(changeOf([[3, 4]], { successors: successorsOf(104) }));
      const other = { ...successorsOf(105), storeKeyVersion: 9 };
      await store.issue(batchOf(B, storeCodes(5), { successors: other }));
      const expected = [row('A1', 1), person(3), person(5), row('B2', 5)];
      assert.deepEqual(await notesOf(store), expected.sort());
    },
  }),
];
