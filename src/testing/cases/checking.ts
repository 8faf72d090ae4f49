import assert from 'node:assert/strict';
import { institutionAudience } from '../../codes/key-names.js';
import { hex } from '../answers.js';
import { assertSound, assertUnchanged } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, B, BEGINNING, batchOf, changeOf, keyRecord, storeCode, storeCodes } from '../samples.js';

const findings = (found: readonly { readonly invariant: string; readonly rows: number }[]) =>
  found.map(({ invariant, rows }) => ({ invariant, rows }));

export const checkingCases = casesOf('checking', {
  'finds nothing in an empty store': async (store) => {
    assert.deepEqual(await store.check(), []);
  },

  'finds nothing after issuances, changes and removals': async (store) => {
    await store.begin(BEGINNING);
    await store.registerKey(keyRecord(institutionAudience(A, 2), 'f9'));
    await store.issue(batchOf(A, storeCodes(1, 2, 3)));
    await store.issue(batchOf(A, storeCodes(4), { keyVersion: 2, generation: 2 }));
    await store.change(
      changeOf([
        [1, 11],
        [5, 15],
      ]),
    );
    await store.issue(batchOf(B, storeCodes(11, 15)));
    await store.remove(storeCodes(2, 15));
    await assertSound(store);
  },

  'names issuances under a version whose key is not on record, and how many': async (store) => {
    await store.begin(BEGINNING);
    await store.issue(batchOf(A, storeCodes(1)));
    await store.issue(batchOf(A, storeCodes(2, 3), { keyVersion: 2 }));
    await store.issue(batchOf(B, storeCodes(2), { keyVersion: 2 }));
    await assertUnchanged(store, async () => {
      assert.deepEqual(findings(await store.check()), [{ invariant: 'issuance-version-has-key', rows: 3 }]);
    });
    await store.registerKey(keyRecord(institutionAudience(A, 2), 'f9'));
    assert.deepEqual(findings(await store.check()), [{ invariant: 'issuance-version-has-key', rows: 1 }]);
  },

  'names people of a generation whose key is not on record, and how many': async (store) => {
    await store.begin(BEGINNING);
    await store.issue(batchOf(A, storeCodes(1)));
    await store.issue(batchOf(A, storeCodes(2, 3), { generation: 9 }));
    await store.change(changeOf([[4, 5]], { generation: 8 }));
    const found = findings(await store.check());
    assert.deepEqual(found, [{ invariant: 'person-generation-has-key', rows: 4 }]);
  },

  'names everything that is broken, and no code': async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { keyVersion: 7 }));
    const found = await store.check();
    const named = found.map(({ invariant }) => invariant).sort();
    assert.deepEqual(named, ['issuance-version-has-key', 'person-generation-has-key']);
    assert.ok(!JSON.stringify(found).includes(hex(storeCode(1))));
  },
});
