import assert from 'node:assert/strict';
import { institutionAudience, linkKey, storeAudience } from '../../codes/key-names.js';
import { refused } from '../answers.js';
import { assertUnchanged, contentOf } from '../content.js';
import { type CaseBody, casesOf } from '../contract-case.js';
import { A, BEGINNING, BEGUN, keyRecord } from '../samples.js';

const [LINK_1, LINK_2] = BEGINNING as [(typeof BEGINNING)[0], (typeof BEGINNING)[0]];

const others = {
  'fewer generations': BEGINNING.slice(1),
  'more generations': [...BEGINNING, keyRecord(linkKey(3), 'f4')],
  'another version of the store key': [LINK_1, LINK_2, keyRecord(storeAudience(1), 'f4')],
  'another key': [LINK_1, LINK_2, keyRecord(storeAudience(3), 'f4')],
  'another key and a new generation': [
    LINK_1,
    LINK_2,
    keyRecord(storeAudience(3), 'f4'),
    keyRecord(linkKey(3), 'f5'),
  ],
};

const refusesOthers = Object.fromEntries(
  Object.entries(others).map(([what, records]): [string, CaseBody] => [
    `refuses ${what} after that, and changes nothing`,
    async (store) => {
      await store.begin(BEGINNING);
      const before = await contentOf(store);
      assert.equal(await store.begin(records), 'conflict');
      assert.deepEqual(await contentOf(store), before);
    },
  ]),
);

export const beginningCases = casesOf('beginning', {
  'records all keys once, and says that they existed after that': async (store) => {
    assert.equal(await store.begin(BEGINNING), 'inserted');
    assert.equal(await store.begin(BEGINNING.map((key) => ({ ...key, registeredAt: 2_000 }))), 'existed');
    assert.deepEqual((await store.listKeys()).slice(2), BEGUN);
  },

  'knows the same keys in another order': async (store) => {
    await store.begin(BEGINNING);
    assert.equal(await store.begin(BEGINNING.toReversed()), 'existed');
  },

  ...refusesOthers,

  'refuses a fingerprint that stands with another name, and records none': async (store) => {
    const taken = keyRecord(storeAudience(3), Buffer.from(A).toString('hex'));
    const twice = keyRecord(storeAudience(3), 'f1');
    for (const last of [taken, twice]) {
      assert.equal(await store.begin([LINK_1, LINK_2, last]), 'conflict');
    }
    assert.equal((await store.count()).keys, 2);
  },

  'refuses a name that is given twice, begun or not, and changes nothing': async (store) => {
    const twice = [...BEGINNING, { ...LINK_1, fingerprint: keyRecord(linkKey(3), 'f4').fingerprint }];
    const insteadOfOthers = BEGINNING.map(() => LINK_1);
    for (const records of [twice, insteadOfOthers]) assert.equal(await store.begin(records), 'conflict');
    assert.equal((await store.count()).keys, 2);
    await store.begin(BEGINNING);
    const before = await contentOf(store);
    for (const records of [twice, insteadOfOthers]) assert.equal(await store.begin(records), 'conflict');
    assert.deepEqual(await contentOf(store), before);
  },

  'refuses a key of another kind with KEY_NAME_INVALID, and records none': async (store) => {
    const key = keyRecord(institutionAudience('New', 1), 'f4');
    await refused(store.begin([...BEGINNING, key]), 'KEY_NAME_INVALID');
    assert.equal((await store.count()).keys, 2);
  },

  'refuses a key that could not be read back with OPTION_INVALID, and records none': async (store) => {
    for (const wrong of [{ fingerprint: 'f9' }, { registeredAt: 0.5 }]) {
      const key = { ...keyRecord(linkKey(3), 'f4'), ...wrong };
      await refused(store.begin([...BEGINNING, key]), 'OPTION_INVALID');
    }
    assert.equal((await store.count()).keys, 2);
  },

  'touches nothing when it is given nothing': async (store) => {
    await assertUnchanged(store, async () => void (await store.begin([])));
    await store.begin(BEGINNING);
    await assertUnchanged(store, async () => void (await store.begin([])));
  },

  'keeps nothing of the objects it was given': async (store) => {
    const records = BEGINNING.map((record) => ({ ...record }));
    await store.begin(records);
    for (const record of records) record.fingerprint = '0'.repeat(16);
    assert.deepEqual((await store.listKeys()).slice(2), BEGUN);
  },

  'is decided by one of several calls at once': async (store) => {
    const different = [LINK_1, keyRecord(storeAudience(1), 'f4')];
    const asked = [BEGINNING, different, BEGINNING, different];
    const outcomes = await Promise.all(asked.map((records) => store.begin(records)));
    assert.deepEqual(outcomes.toSorted(), ['conflict', 'conflict', 'existed', 'inserted']);
    const begunWith = outcomes.indexOf('inserted') % 2 === 0 ? BEGINNING : different;
    const fingerprints = (await store.listKeys()).slice(2).map(({ fingerprint }) => fingerprint);
    assert.deepEqual(
      fingerprints,
      begunWith.map(({ fingerprint }) => fingerprint),
    );
  },
});
