import assert from 'node:assert/strict';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { MAX_BATCH_ROWS } from '../../stores/port.js';
import { heldOf, versionsOf } from '../answers.js';
import { assertUnchanged, contentOf } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, B, batchOf, storeCode, storeCodes, UNKNOWN } from '../samples.js';

export const issuingCases = casesOf('issuing', {
  'answers 0 for a row it inserted and the key version for one that was there': async (store) => {
    assert.deepEqual(heldOf(await store.issue(batchOf(A, storeCodes(1, 2)))), {
      versions: [0, 0],
      canonical: [],
      aliases: [],
    });
    assert.deepEqual(heldOf(await store.issue(batchOf(A, storeCodes(3, 2, 1)))), {
      versions: [0, 1, 1],
      canonical: [],
      aliases: [],
    });
  },

  'repeats safely: the same batch again inserts nothing': async (store) => {
    const batch = batchOf(A, storeCodes(1, 2, 3));
    await store.issue(batch);
    await assertUnchanged(store, async () => {
      assert.deepEqual(await versionsOf(store.issue(batch)), [1, 1, 1]);
    });
  },

  'keeps the version under which a person was issued first': async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { keyVersion: 1 }));
    assert.deepEqual(await versionsOf(store.issue(batchOf(A, storeCodes(1, 2), { keyVersion: 2 }))), [1, 0]);
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(1, 2))), [1, 2]);
  },

  'inserts the first of equal rows in one batch, and gives the others its version': async (store) => {
    const batch = batchOf(A, storeCodes(7, 8, 7, 7, 9), { keyVersion: 255 });
    assert.deepEqual(await versionsOf(store.issue(batch)), [0, 0, 255, 255, 0]);
    assert.equal((await store.count()).issuances, 3);
  },

  'gives equal rows that were held before the version they were held under': async (store) => {
    await store.issue(batchOf(A, storeCodes(7)));
    const batch = batchOf(A, storeCodes(7, 8, 7, 8), { keyVersion: 2 });
    assert.deepEqual(await versionsOf(store.issue(batch)), [1, 0, 1, 2]);
  },

  'answers a batch that is new, held and repeated at once, row by row': async (store) => {
    await store.issue(batchOf(A, storeCodes(5, 3, 4)));
    await store.issue(batchOf(A, storeCodes(7, 7, 6, 8), { keyVersion: 3 }));
    const batch = batchOf(A, storeCodes(2, 7, 2, 8, 5, 2, 9), { keyVersion: 4 });
    assert.deepEqual(await versionsOf(store.issue(batch)), [0, 3, 4, 3, 1, 4, 0]);
    assert.deepEqual(await store.count(), { keys: 2, persons: 8, aliases: 0, issuances: 8 });
  },

  'counts a person once, however many institutions have a code': async (store) => {
    await store.issue(batchOf(A, storeCodes(1, 2)));
    await store.issue(batchOf(B, storeCodes(2, 3)));
    assert.deepEqual(await store.count(), { keys: 2, persons: 3, aliases: 0, issuances: 4 });
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(1, 2, 3))), [1, 1, 0]);
    assert.deepEqual(await versionsOf(store.lookUp(B, storeCodes(1, 2, 3))), [0, 1, 1]);
  },

  'tells codes apart that differ in one bit, the first or the last': async (store) => {
    const code = storeCode(1);
    const variants = [0, CODE_LENGTH - 1].map((place) =>
      code.map((byte, k) => (k === place ? byte ^ 1 : byte)),
    );
    await store.issue(batchOf(A, code));
    for (const other of variants) assert.deepEqual(await versionsOf(store.lookUp(A, other)), [0]);
  },

  'takes codes that hold zero bytes, and a view into a larger buffer': async (store) => {
    const zeros = new Uint8Array(3 * CODE_LENGTH);
    zeros[CODE_LENGTH] = 1;
    const view = zeros.subarray(CODE_LENGTH);
    assert.deepEqual(await versionsOf(store.issue(batchOf(A, view))), [0, 0]);
    assert.deepEqual(await versionsOf(store.lookUp(A, zeros)), [1, 1, 1]);
  },

  'does not keep the buffer it was given': async (store) => {
    const codes = storeCodes(1);
    await store.issue(batchOf(A, codes));
    codes.fill(0);
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(1))), [1]);
    assert.deepEqual(await versionsOf(store.lookUp(A, codes)), [0]);
  },

  'does not keep the buffers it answers with': async (store) => {
    const batch = batchOf(A, storeCodes(1, 2), { keyVersion: 9 });
    (await store.issue(batch)).versions.fill(7);
    (await store.lookUp(A, storeCodes(1, 2))).versions.fill(7);
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(1, 2))), [9, 9]);
  },

  'takes an empty batch and touches nothing, not even the institution': async (store) => {
    await assertUnchanged(store, async () => {
      for (const institution of [A, UNKNOWN]) {
        const held = await store.issue(batchOf(institution, new Uint8Array(0)));
        assert.deepEqual(heldOf(held), { versions: [], canonical: [], aliases: [] });
      }
    });
  },

  'takes the largest batch it promises': async (store) => {
    const codes = new Uint8Array(MAX_BATCH_ROWS * CODE_LENGTH);
    const numbers = new DataView(codes.buffer);
    for (let k = 0; k < MAX_BATCH_ROWS; k++) numbers.setUint32(k * CODE_LENGTH, k);
    assert.ok((await versionsOf(store.issue(batchOf(A, codes)))).every((version) => version === 0));
    assert.equal((await store.count()).issuances, MAX_BATCH_ROWS);
    const held = await versionsOf(store.lookUp(A, codes));
    assert.equal(held.length, MAX_BATCH_ROWS);
    assert.ok(held.every((version) => version === 1));
  },

  'stores a batch in the order of the codes, however it came': async (store) => {
    await store.issue(batchOf(A, storeCodes(5, 1, 4, 2, 3)));
    const { issuances } = await contentOf(store);
    const codes = issuances.map(({ code }) => code);
    assert.deepEqual(codes, codes.toSorted());
    assert.equal(new Set(codes).size, 5);
  },
});
