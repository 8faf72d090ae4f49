import assert from 'node:assert/strict';
import { parseInstitutionCode } from '../../subjects/institution-code.js';
import { heldOf, versionsOf } from '../answers.js';
import { assertUnchanged, contentOf } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, B, batchOf, changeOf, registerInstitutions, storeCodes } from '../samples.js';

const LOWER_CASE = parseInstitutionCode('a0');
const NOBODY = { storeCodes: 0, issuances: [] };
const OF_A = { institution: A, keyVersion: 1, issuedAt: 1_000 };

export const removingCases = casesOf('removing people', {
  'removes a person with all issuances, and tells them by institution': async (store) => {
    await registerInstitutions(store, LOWER_CASE);
    await store.issue(batchOf(LOWER_CASE, storeCodes(1), { issuedAt: 5_000 }));
    await store.issue(batchOf(B, storeCodes(1), { keyVersion: 2 }));
    await store.issue(batchOf(A, storeCodes(1)));
    const removed = {
      storeCodes: 1,
      issuances: [
        OF_A,
        { institution: B, keyVersion: 2, issuedAt: 1_000 },
        { institution: LOWER_CASE, keyVersion: 1, issuedAt: 5_000 },
      ],
    };
    assert.deepEqual(await store.remove(storeCodes(1)), [removed]);
    assert.deepEqual(await store.count(), { keys: 3, persons: 0, aliases: 0, issuances: 0 });
    assert.deepEqual(await store.holders(storeCodes(1)), [[]]);
  },

  'takes any code of the person, and removes all of them': async (store) => {
    for (const given of [1, 2, 3]) {
      await store.issue(batchOf(A, storeCodes(1)));
      await store.change(
        changeOf([
          [1, 2],
          [2, 3],
        ]),
      );
      assert.deepEqual(await store.remove(storeCodes(given)), [{ storeCodes: 3, issuances: [OF_A] }]);
      assert.deepEqual(await store.count(), { keys: 2, persons: 0, aliases: 0, issuances: 0 });
    }
  },

  'changes nothing the second time, and says so': async (store) => {
    await store.issue(batchOf(A, storeCodes(1, 2)));
    await store.remove(storeCodes(1));
    await assertUnchanged(store, async () => {
      assert.deepEqual(await store.remove(storeCodes(1)), [NOBODY]);
    });
  },

  'says that it does not know a person': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await assertUnchanged(store, async () => {
      assert.deepEqual(await store.remove(storeCodes(8, 9)), [NOBODY, NOBODY]);
    });
  },

  'tells all with the first of several codes of one person': async (store) => {
    await store.issue(batchOf(A, storeCodes(1, 7)));
    await store.change(changeOf([[1, 2]]));
    assert.deepEqual(await store.remove(storeCodes(2, 8, 1, 7, 2)), [
      { storeCodes: 2, issuances: [OF_A] },
      NOBODY,
      NOBODY,
      { storeCodes: 1, issuances: [OF_A] },
      NOBODY,
    ]);
  },

  'removes a person who has no issuance': async (store) => {
    await store.change(changeOf([[1, 2]]));
    assert.deepEqual(await store.remove(storeCodes(2)), [{ storeCodes: 2, issuances: [] }]);
    assert.deepEqual((await contentOf(store)).persons, []);
  },

  'leaves everybody else as they were': async (store) => {
    await store.issue(batchOf(A, storeCodes(2, 3)));
    await store.change(changeOf([[3, 4]]));
    const before = await contentOf(store);
    await store.issue(batchOf(A, storeCodes(1)));
    await store.issue(batchOf(B, storeCodes(1)));
    await store.change(changeOf([[1, 11]]));
    await store.remove(storeCodes(11));
    assert.deepEqual(await contentOf(store), before);
  },

  'issues to a removed person as to a new one': async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { generation: 1 }));
    await store.change(changeOf([[1, 2]]));
    await store.remove(storeCodes(1));
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(1, 2))), [0, 0]);
    const held = await store.issue(batchOf(A, storeCodes(2, 1), { keyVersion: 5, generation: 2 }));
    assert.deepEqual(heldOf(held), { versions: [0, 0], canonical: [], aliases: [] });
    assert.deepEqual(await store.count(), { keys: 2, persons: 2, aliases: 0, issuances: 2 });
    const details = { keyVersion: 5, generation: 2, issuedAt: 1_000 };
    assert.deepEqual(await store.details(A, storeCodes(1, 2)), [details, details]);
  },

  'frees the codes of a removed person for another': async (store) => {
    await store.change(changeOf([[1, 2]]));
    await store.issue(batchOf(A, storeCodes(3)));
    assert.deepEqual(await store.change(changeOf([[3, 2]])), ['conflict']);
    await store.remove(storeCodes(1));
    assert.deepEqual(await store.change(changeOf([[3, 2]])), ['inserted']);
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(2, 1))), [1, 0]);
  },

  'takes an empty batch and touches nothing': async (store) => {
    await assertUnchanged(store, async () => assert.deepEqual(await store.remove(new Uint8Array(0)), []));
  },
});
