import assert from 'node:assert/strict';
import { heldOf, hex, versionsOf } from '../answers.js';
import { assertUnchanged, contentOf } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, B, batchOf, changeOf, storeCode, storeCodes } from '../samples.js';

const own = hex(storeCode(1));

export const issuingToChangedCodesCases = casesOf('issuing to a changed resident record code', {
  'finds the person by the new code, and tells the own one': async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { keyVersion: 3 }));
    await store.change(changeOf([[1, 2]]));
    await assertUnchanged(store, async () => {
      const held = await store.issue(batchOf(A, storeCodes(9, 2, 1).subarray(24), { keyVersion: 4 }));
      assert.deepEqual(heldOf(held), { versions: [3, 3], canonical: [[0, own]], aliases: [0] });
    });
  },

  'inserts under the own code, whichever was given': async (store) => {
    await store.change(changeOf([[1, 2]]));
    const held = await store.issue(batchOf(A, storeCodes(2)));
    assert.deepEqual(heldOf(held), { versions: [0], canonical: [[0, own]], aliases: [0] });
    const { issuances } = await contentOf(store);
    assert.deepEqual(issuances, [{ institution: A, code: own, keyVersion: 1 }]);
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(1, 2))), [1, 1]);
  },

  'inserts the first of the old and the new code in one batch, and the others find it there': async (
    store,
  ) => {
    await store.change(changeOf([[1, 2]]));
    const held = await store.issue(batchOf(A, storeCodes(2, 8, 1, 2, 8), { keyVersion: 6 }));
    assert.deepEqual(heldOf(held), {
      versions: [0, 0, 6, 6, 6],
      canonical: [
        [0, own],
        [3, own],
      ],
      aliases: [0, 3],
    });
    assert.equal((await store.count()).issuances, 2);
  },

  'serves the old code that is asked for again': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await store.change(changeOf([[1, 2]]));
    const held = await store.issue(batchOf(A, storeCodes(1), { keyVersion: 2 }));
    assert.deepEqual(heldOf(held), { versions: [1], canonical: [], aliases: [] });
  },

  'gives another institution its code of the same person': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await store.change(changeOf([[1, 2]]));
    const held = await store.issue(batchOf(B, storeCodes(2)));
    assert.deepEqual(heldOf(held), { versions: [0], canonical: [[0, own]], aliases: [0] });
    assert.deepEqual(await store.count(), { keys: 2, persons: 1, aliases: 1, issuances: 2 });
  },
});
