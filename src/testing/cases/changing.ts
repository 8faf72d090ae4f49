import assert from 'node:assert/strict';
import { hex, versionsOf } from '../answers.js';
import { assertUnchanged, contentOf, type PersonRow } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, B, batchOf, changeOf, storeCode, storeCodes } from '../samples.js';

/** Rows as a store has them: by number of the code, to the number of the person's own. */
function personRows(ownByCode: Readonly<Record<number, number>>, generation = 1): PersonRow[] {
  return Object.entries(ownByCode)
    .map(([code, own]) => ({ code: hex(storeCode(Number(code))), generation, own: hex(storeCode(own)) }))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

export const changingCases = casesOf('changing resident record codes', {
  'leads the new code to the person of the old one, who keeps all codes': async (store) => {
    await store.issue(batchOf(A, storeCodes(1), { keyVersion: 3 }));
    await store.issue(batchOf(B, storeCodes(1)));
    const before = await contentOf(store);
    assert.deepEqual(await store.change(changeOf([[1, 2]])), ['inserted']);
    const after = await contentOf(store);
    assert.deepEqual(after.issuances, before.issuances);
    assert.deepEqual(after.persons, personRows({ 1: 1, 2: 1 }));
    assert.deepEqual(after.counts, { keys: 2, persons: 1, aliases: 1, issuances: 2 });
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(2, 1))), [3, 3]);
  },

  'repeats safely: the same change again existed': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await store.change(changeOf([[1, 2]]));
    await assertUnchanged(store, async () => {
      assert.deepEqual(await store.change(changeOf([[1, 2]], { changedAt: 9_000, generation: 2 })), [
        'existed',
      ]);
    });
  },

  'knows from now on a person who was not known': async (store) => {
    assert.deepEqual(await store.change(changeOf([[1, 2]], { generation: 2 })), ['inserted']);
    assert.deepEqual((await contentOf(store)).persons, personRows({ 1: 1, 2: 1 }, 2));
    assert.deepEqual(await store.count(), { keys: 2, persons: 1, aliases: 1, issuances: 0 });
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(1, 2))), [0, 0]);
  },

  "refuses a code that is another person's own, and changes nothing": async (store) => {
    await store.issue(batchOf(A, storeCodes(1, 2)));
    await assertUnchanged(store, async () => {
      assert.deepEqual(await store.change(changeOf([[1, 2]])), ['conflict']);
    });
  },

  "refuses a code that is another person's changed one, and changes nothing": async (store) => {
    await store.issue(batchOf(A, storeCodes(1, 2)));
    await store.change(changeOf([[2, 3]]));
    await assertUnchanged(store, async () => {
      assert.deepEqual(await store.change(changeOf([[1, 3]])), ['conflict']);
    });
  },

  "refuses another person's code for a person who is not known, and makes nobody known": async (store) => {
    await store.issue(batchOf(A, storeCodes(2)));
    await store.change(changeOf([[2, 3]]));
    await assertUnchanged(store, async () => {
      for (const known of [2, 3]) assert.deepEqual(await store.change(changeOf([[1, known]])), ['conflict']);
    });
  },

  'refuses a person who was made known by a change alone': async (store) => {
    await store.change(changeOf([[1, 2]]));
    await assertUnchanged(store, async () => {
      const outcomes = await store.change(
        changeOf([
          [3, 1],
          [3, 2],
        ]),
      );
      assert.deepEqual(outcomes, ['conflict', 'conflict']);
    });
  },

  'follows a chain over batches: every code leads to the own one in one step': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    for (const code of [1, 2, 3])
      assert.deepEqual(await store.change(changeOf([[code, code + 1]])), ['inserted']);
    assert.deepEqual((await contentOf(store)).persons, personRows({ 1: 1, 2: 1, 3: 1, 4: 1 }));
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(4, 3, 2, 1))), [1, 1, 1, 1]);
  },

  'follows a chain inside one batch, of a person known or not': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    const outcomes = await store.change(
      changeOf([
        [1, 2],
        [11, 12],
        [2, 3],
        [12, 13],
        [3, 4],
      ]),
    );
    assert.deepEqual(
      outcomes,
      outcomes.map(() => 'inserted'),
    );
    const rows = personRows({ 1: 1, 2: 1, 3: 1, 4: 1, 11: 11, 12: 11, 13: 11 });
    assert.deepEqual((await contentOf(store)).persons, rows);
  },

  'works one pair after the other: a chain in the wrong order ends in a conflict': async (store) => {
    const outcomes = await store.change(
      changeOf([
        [2, 3],
        [1, 2],
      ]),
    );
    assert.deepEqual(outcomes, ['inserted', 'conflict']);
    assert.deepEqual((await contentOf(store)).persons, personRows({ 2: 2, 3: 2 }));
  },

  'has a change back already': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await store.change(
      changeOf([
        [1, 2],
        [2, 3],
      ]),
    );
    await assertUnchanged(store, async () => {
      for (const back of [1, 2, 3]) assert.deepEqual(await store.change(changeOf([[3, back]])), ['existed']);
      assert.deepEqual(await store.change(changeOf([[2, 1]])), ['existed']);
    });
  },

  'has a change and its return in one batch': async (store) => {
    const outcomes = await store.change(
      changeOf([
        [1, 2],
        [2, 1],
        [1, 2],
      ]),
    );
    assert.deepEqual(outcomes, ['inserted', 'existed', 'existed']);
    assert.deepEqual((await contentOf(store)).persons, personRows({ 1: 1, 2: 1 }));
  },

  'gives a code that two people want in one batch to the first': async (store) => {
    const pairs = [
      [1, 3],
      [2, 3],
    ] as const;
    assert.deepEqual(await store.change(changeOf(pairs)), ['inserted', 'conflict']);
    assert.deepEqual((await contentOf(store)).persons, personRows({ 1: 1, 3: 1 }));
  },

  'serves the pairs around a conflict': async (store) => {
    await store.issue(batchOf(A, storeCodes(1, 2, 3)));
    const outcomes = await store.change(
      changeOf([
        [1, 11],
        [2, 3],
        [3, 13],
      ]),
    );
    assert.deepEqual(outcomes, ['inserted', 'conflict', 'inserted']);
    assert.deepEqual((await contentOf(store)).persons, personRows({ 1: 1, 2: 2, 3: 3, 11: 1, 13: 3 }));
  },

  'stores nothing for a code that is changed to itself, known or not': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await assertUnchanged(store, async () => {
      const pairs = [
        [1, 1],
        [2, 2],
      ] as const;
      assert.deepEqual(await store.change(changeOf(pairs)), ['existed', 'existed']);
    });
  },

  'takes an empty batch and touches nothing': async (store) => {
    await assertUnchanged(store, async () => assert.deepEqual(await store.change(changeOf([])), []));
  },

  'does not keep the buffers it was given': async (store) => {
    const batch = changeOf([[1, 2]]);
    await store.change(batch);
    batch.oldCodes.fill(0);
    batch.newCodes.fill(0);
    assert.deepEqual((await contentOf(store)).persons, personRows({ 1: 1, 2: 1 }));
  },
});
