import assert from 'node:assert/strict';
import { heldOf, hex } from '../answers.js';
import { assertUnchanged } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, B, batchOf, changeOf, EARLIEST, LATEST, storeCode, storeCodes, UNKNOWN } from '../samples.js';

const own = hex(storeCode(1));

export const lookingUpCases = casesOf('looking up', {
  'answers the version of each row, 0 for none, and writes nothing': async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { keyVersion: 200 }));
    await store.issue(batchOf(B, storeCodes(2)));
    await assertUnchanged(store, async () => {
      const held = await store.lookUp(A, storeCodes(3, 1, 2, 1));
      assert.deepEqual(heldOf(held), { versions: [0, 200, 0, 200], canonical: [], aliases: [] });
    });
  },

  "tells the person's own code of a changed one, with a code of the institution or without": async (
    store,
  ) => {
    await store.issue(batchOf(A, storeCodes(1), { keyVersion: 3 }));
    await store.change(changeOf([[1, 2]]));
    const rows = storeCodes(1, 2, 3, 2);
    const canonical = [
      [1, own],
      [3, own],
    ];
    const aliases = [1, 3];
    assert.deepEqual(heldOf(await store.lookUp(A, rows)), { versions: [3, 3, 0, 3], canonical, aliases });
    assert.deepEqual(heldOf(await store.lookUp(B, rows)), { versions: [0, 0, 0, 0], canonical, aliases });
  },

  'answers an empty batch, whoever asks': async (store) => {
    for (const institution of [A, UNKNOWN]) {
      const nothing = new Uint8Array(0);
      assert.deepEqual(heldOf(await store.lookUp(institution, nothing)), {
        versions: [],
        canonical: [],
        aliases: [],
      });
      assert.deepEqual(await store.details(institution, nothing), []);
    }
    assert.deepEqual(await store.holders(new Uint8Array(0)), []);
  },
});

export const detailsCases = casesOf('details of issued codes', {
  'tells version, generation and date of each row, and nothing where there is none': async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { keyVersion: 4, generation: 5, issuedAt: 6_000 }));
    await store.issue(batchOf(B, storeCodes(2)));
    await assertUnchanged(store, async () => {
      const details = await store.details(A, storeCodes(3, 1, 2, 1));
      const first = { keyVersion: 4, generation: 5, issuedAt: 6_000 };
      assert.deepEqual(details, [undefined, first, undefined, first]);
    });
  },

  'keeps what was there when a code is issued again': async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { keyVersion: 1, issuedAt: 6_000 }));
    await store.issue(batchOf(A, storeCodes(1), { keyVersion: 2, issuedAt: 7_000 }));
    assert.deepEqual(await store.details(A, storeCodes(1)), [
      { keyVersion: 1, generation: 1, issuedAt: 6_000 },
    ]);
  },

  'finds a person by a changed code': async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { issuedAt: 6_000 }));
    await store.change(changeOf([[1, 2]], { changedAt: 8_000, generation: 2 }));
    const details = { keyVersion: 1, generation: 1, issuedAt: 6_000 };
    assert.deepEqual(await store.details(A, storeCodes(2, 1)), [details, details]);
    assert.deepEqual(await store.details(B, storeCodes(2, 1)), [undefined, undefined]);
  },

  'tells every date to the millisecond': async (store) => {
    const dates = [0, -1, 1, Date.UTC(1899, 0, 1), Date.UTC(2026, 3, 1) + 123, EARLIEST, LATEST];
    for (const [person, issuedAt] of dates.entries()) {
      await store.issue(batchOf(A, storeCodes(person), { issuedAt }));
    }
    const details = await store.details(A, storeCodes(...dates.keys()));
    assert.deepEqual(
      details.map((row) => row?.issuedAt),
      dates,
    );
  },
});
