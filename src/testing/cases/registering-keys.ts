import assert from 'node:assert/strict';
import {
  auditKey,
  institutionAudience,
  linkKey,
  recordAudience,
  storeAudience,
} from '../../codes/key-names.js';
import { parseInstitutionCode } from '../../subjects/institution-code.js';
import { refused } from '../answers.js';
import { assertUnchanged } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, batchOf, keyRecord, recordedKey, storeCodes } from '../samples.js';

const NAME = storeAudience(1);
const NEW = parseInstitutionCode('New');

export const registeringKeysCases = casesOf('registering keys', {
  'inserts a key once and says that it existed after that': async (store) => {
    assert.equal(await store.registerKey(keyRecord(NAME, 'f1')), 'inserted');
    const again = { ...keyRecord(NAME, 'f1'), registeredAt: 2_000, generation: 2 };
    assert.equal(await store.registerKey(again), 'existed');
    const named = (await store.listKeys()).filter((key) => key.name === NAME);
    assert.deepEqual(named, [recordedKey(keyRecord(NAME, 'f1'), 'active')]);
  },

  'takes keys of every kind': async (store) => {
    const names = [auditKey(1), linkKey(255), recordAudience('2026-04'), institutionAudience(A, 2)];
    for (const [k, name] of names.entries()) {
      assert.equal(await store.registerKey(keyRecord(name, `f${k}`)), 'inserted');
    }
    assert.equal((await store.count()).keys, 2 + names.length);
  },

  'knows an institution from its first key on, whatever its version': async (store) => {
    await refused(store.lookUp(NEW, storeCodes(1)), 'INSTITUTION_UNKNOWN');
    await store.registerKey(keyRecord(institutionAudience(NEW, 7), 'f1'));
    assert.deepEqual([...(await store.lookUp(NEW, storeCodes(1))).versions], [0]);
    assert.deepEqual([...(await store.issue(batchOf(NEW, storeCodes(1)))).versions], [0]);
  },

  'keeps nothing of the object it was given': async (store) => {
    const record = { ...keyRecord(NAME, 'f1') };
    await store.registerKey(record);
    record.fingerprint = 'f2'.padEnd(16, '0');
    const named = (await store.listKeys()).filter((key) => key.name === NAME);
    assert.deepEqual(named, [recordedKey(keyRecord(NAME, 'f1'), 'active')]);
  },

  'refuses another fingerprint under a name, and changes nothing': async (store) => {
    await store.registerKey(keyRecord(NAME, 'f1'));
    await assertUnchanged(store, async () => {
      assert.equal(await store.registerKey(keyRecord(NAME, 'f2')), 'conflict');
    });
  },

  'refuses one fingerprint under two names, and changes nothing: two audiences never share a key': async (
    store,
  ) => {
    await store.registerKey(keyRecord(NAME, 'f1'));
    await assertUnchanged(store, async () => {
      assert.equal(await store.registerKey(keyRecord(institutionAudience(NEW, 1), 'f1')), 'conflict');
    });
    await refused(store.lookUp(NEW, storeCodes(1)), 'INSTITUTION_UNKNOWN');
  },

  'refuses a name and a fingerprint that belong to two other keys': async (store) => {
    await store.registerKey(keyRecord(NAME, 'f1'));
    await store.registerKey(keyRecord(linkKey(1), 'f2'));
    assert.equal(await store.registerKey(keyRecord(NAME, 'f2')), 'conflict');
  },

  'lists all keys ordered by the character codes of their names': async (store) => {
    const names = [storeAudience(2), linkKey(1), storeAudience(10), institutionAudience('a1', 1)];
    for (const [k, key] of names.entries()) {
      await store.registerKey({ ...keyRecord(key, `f${k}`), registeredAt: 9_000 - k });
    }
    assert.deepEqual(
      (await store.listKeys()).map((key) => key.name),
      ['institution/A1/1', 'institution/B2/1', 'institution/a1/1', 'link/1', 'store/10', 'store/2'],
    );
  },

  'records a name, and a fingerprint, for one of several calls at once': async (store) => {
    const [one, other] = [linkKey(1), storeAudience(1)];
    const asked = [keyRecord(one, 'f1'), keyRecord(one, 'f2'), keyRecord(other, 'f1')];
    const outcomes = await Promise.all(asked.map((record) => store.registerKey(record)));
    const inserted = outcomes.filter((outcome) => outcome === 'inserted').length;
    assert.ok(inserted > 0);
    const recorded = (await store.listKeys()).filter(({ name }) => name === one || name === other);
    assert.equal(recorded.length, inserted);
    assert.equal(new Set(recorded.map(({ name }) => name)).size, recorded.length);
    assert.equal(new Set(recorded.map(({ fingerprint }) => fingerprint)).size, recorded.length);
  },
});
