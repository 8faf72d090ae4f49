import assert from 'node:assert/strict';
import { parseInstitutionCode } from '../../subjects/institution-code.js';
import { assertUnchanged } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, B, batchOf, changeOf, registerInstitutions, storeCodes } from '../samples.js';

const LOWER_CASE = parseInstitutionCode('a0');

export const holdersCases = casesOf('holders of codes', {
  'are told for each row, none for a person that is not known': async (store) => {
    await store.issue(batchOf(A, storeCodes(1, 2)));
    await store.issue(batchOf(B, storeCodes(2, 3)));
    await assertUnchanged(store, async () => {
      assert.deepEqual(await store.holders(storeCodes(4, 2, 3, 1, 2)), [[], [A, B], [B], [A], [A, B]]);
    });
  },

  'are ordered by character codes, not by when they came': async (store) => {
    await registerInstitutions(store, LOWER_CASE);
    for (const institution of [LOWER_CASE, B, A]) await store.issue(batchOf(institution, storeCodes(1)));
    assert.deepEqual(await store.holders(storeCodes(1)), [[A, B, LOWER_CASE]]);
  },

  'are the same by a changed code': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await store.change(
      changeOf([
        [1, 2],
        [2, 3],
        [8, 9],
      ]),
    );
    await store.issue(batchOf(B, storeCodes(3)));
    assert.deepEqual(await store.holders(storeCodes(3, 1, 2)), [
      [A, B],
      [A, B],
      [A, B],
    ]);
    assert.deepEqual(await store.holders(storeCodes(8, 9)), [[], []]);
  },
});
