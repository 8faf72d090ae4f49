import assert from 'node:assert/strict';
import {
  auditKey,
  institutionAudience,
  linkKey,
  recordAudience,
  storeAudience,
} from '../../codes/key-names.js';
import type { KeyRecord } from '../../stores/port.js';
import { parseInstitutionCode } from '../../subjects/institution-code.js';
import { refused } from '../answers.js';
import { assertUnchanged } from '../content.js';
import { casesOf } from '../contract-case.js';
import { begun, go, moveOf, rotationOf } from '../rotation-samples.js';
import { A, B, BEGINNING, BEGUN, keyRecord, recordedKey } from '../samples.js';

const NEW = parseInstitutionCode('New');
const [A1, A2] = [institutionAudience(A, 1), institutionAudience(A, 2)];

export const keyStatesCases = casesOf('states of keys', {
  'has the highest link key and the store key active from the beginning, earlier link keys retired': async (
    store,
  ) => {
    await store.begin(BEGINNING);
    assert.deepEqual((await store.listKeys()).slice(2), BEGUN);
  },

  'has the highest of several store keys active from the beginning': async (store) => {
    const [LINK_1, LINK_2, STORE_3] = BEGINNING as [KeyRecord, KeyRecord, KeyRecord];
    const lower = keyRecord(storeAudience(2), 'e1');
    await store.begin([STORE_3, lower, LINK_2, LINK_1]);
    const listed = (await store.listKeys()).filter(({ name }) => name.startsWith('store/'));
    assert.deepEqual(listed, [recordedKey(lower, 'retired', 2), recordedKey(STORE_3, 'active', 2)]);
  },

  'has the first key of an audience active at once, a further one pre-active': async (store) => {
    await store.begin(BEGINNING);
    const further = [
      [institutionAudience(A, 2), 'pre-active', 2],
      [institutionAudience(NEW, 7), 'active', 2],
      [institutionAudience(NEW, 8), 'pre-active', 2],
      [storeAudience(4), 'pre-active', 2],
      [linkKey(3), 'pre-active', 3],
      [recordAudience('2025'), 'active', undefined],
      [recordAudience('2026'), 'active', undefined],
      [auditKey(1), 'active', undefined],
      [auditKey(2), 'pre-active', undefined],
    ] as const;
    for (const [k, [name, state, generation]] of further.entries()) {
      const record = keyRecord(name, `e${k}`);
      await store.registerKey(record);
      const listed = (await store.listKeys()).find((key) => key.name === name);
      assert.deepEqual(listed, recordedKey(record, state, generation));
    }
  },

  'takes the generation of a key as given, or else the active one': async (store) => {
    await store.begin(BEGINNING);
    const given = { ...keyRecord(A2, 'e1'), generation: 1 };
    await store.registerKey(given);
    await store.registerKey({ ...keyRecord(linkKey(3), 'e2'), generation: 3 });
    const keys = await store.listKeys();
    assert.deepEqual(keys.find(({ name }) => name === A2)?.generation, 1);
    assert.deepEqual(keys.find(({ name }) => name === A1)?.generation, undefined);
    assert.deepEqual(keys.find(({ name }) => name === linkKey(3))?.generation, 3);
  },

  'refuses a generation that a key cannot have with GENERATION_INVALID or OPTION_INVALID': async (store) => {
    await assertUnchanged(store, async () => {
      for (const generation of [0, 256, 1.5]) {
        await refused(store.registerKey({ ...keyRecord(A2, 'e1'), generation }), 'GENERATION_INVALID');
      }
      for (const name of [linkKey(3), auditKey(1), recordAudience('2026')]) {
        await refused(store.registerKey({ ...keyRecord(name, 'e1'), generation: 1 }), 'OPTION_INVALID');
      }
    });
  },

  'dates every state that a key comes into, and forgets none': async (store) => {
    await store.registerKey(keyRecord(A2, 'e1'));
    const id = await begun(store, rotationOf(A));
    await go(store, id, 'running', 'verified');
    const keys = [
      { name: A1, from: 'active', to: 'accepting' },
      { name: A2, from: 'pre-active', to: 'active' },
    ] as const;
    await store.moveRotation(moveOf(id, 'verified', 'switched', { keys, at: 8_000 }));
    const retired = [{ name: A1, from: 'accepting', to: 'retired' }] as const;
    await store.moveRotation(moveOf(id, 'switched', 'retiring', { keys: retired, at: 9_000 }));
    const listed = await store.listKeys();
    assert.deepEqual(
      listed.filter(({ name }) => name === A1 || name === A2).map(({ state, since }) => ({ state, since })),
      [
        { state: 'retired', since: { active: 1_000, accepting: 8_000, retired: 9_000 } },
        { state: 'active', since: { 'pre-active': 1_000, active: 8_000 } },
      ],
    );
  },

  'changes states all or none': async (store) => {
    await store.registerKey(keyRecord(A2, 'e1'));
    const id = await begun(store, rotationOf(A));
    await go(store, id, 'running', 'verified');
    const wrong = [
      { name: A2, from: 'active', to: 'accepting' },
      { name: institutionAudience(A, 3), from: 'pre-active', to: 'active' },
      { name: institutionAudience(B, 1), from: 'retired', to: 'destroyed' },
    ] as const;
    await assertUnchanged(store, async () => {
      for (const key of wrong) {
        const keys = [{ name: A1, from: 'active', to: 'accepting' }, key] as const;
        assert.equal(await store.moveRotation(moveOf(id, 'verified', 'switched', { keys })), 'conflict');
      }
    });
  },

  'leaves no audience with two active keys': async (store) => {
    await store.registerKey(keyRecord(A2, 'e1'));
    const id = await begun(store, rotationOf(A));
    await go(store, id, 'running', 'verified');
    const keys = [{ name: A2, from: 'pre-active', to: 'active' }] as const;
    await assertUnchanged(store, async () => {
      const moved = store.moveRotation(moveOf(id, 'verified', 'switched', { keys }));
      await refused(moved, 'OPTION_INVALID');
    });
  },
});
