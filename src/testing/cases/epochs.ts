import assert from 'node:assert/strict';
import type { IssuanceStore } from '../../stores/port.js';
import { refused } from '../answers.js';
import { assertUnchanged } from '../content.js';
import { type CaseBody, casesOf, storeKeyCasesOf } from '../contract-case.js';
import { begun, GENERATION_ROTATION, go, rotationOf, STORE_ROTATION } from '../rotation-samples.js';
import { A, B, batchOf, storeCodes } from '../samples.js';
import { everyCall, everyCallButSucceed } from './every-call.js';

/** A store in which the keys of an institution were switched once, and nothing else is under way. */
async function switchedOnce(store: IssuanceStore): Promise<void> {
  await store.issue(batchOf(A, storeCodes(1)));
  await go(store, await begun(store, rotationOf(B)), 'running', 'verified', 'switched');
}

const refuseOthers =
  (calls: typeof everyCall): CaseBody =>
  async (store) => {
    await switchedOnce(store);
    await assertUnchanged(store, async () => {
      for (const epoch of [0, 2]) {
        for (const call of Object.values(calls(store, { epoch }))) await refused(call(), 'KEYS_CHANGED');
      }
    });
  };

const servePresent =
  (calls: typeof everyCall): CaseBody =>
  async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    for (const call of Object.values(calls(store, { epoch: 0 }))) await call();
  };

export const epochsCases = [
  ...casesOf('epochs', {
    'begin at 0, with nothing ahead': async (store) => {
      assert.deepEqual(await store.outlook(), { epoch: 0, holdUntil: 0 });
    },

    'count switches and retirements, and nothing else': async (store) => {
      const id = await begun(store, rotationOf(A));
      const aborted = await begun(store, rotationOf(B));
      const epoch = async () => (await store.outlook()).epoch;
      await go(store, aborted, 'running', 'aborting', 'aborted');
      await go(store, id, 'running', 'paused', 'running', 'verified', 'running', 'verified');
      assert.equal(await epoch(), 0);
      await go(store, id, 'verified', 'switched');
      assert.equal(await epoch(), 1);
      await go(store, id, 'switched', 'retiring');
      assert.equal(await epoch(), 2);
      await go(store, id, 'retiring', 'retired', 'destroyed');
      assert.equal(await epoch(), 2);
    },

    'refuse every call of another with KEYS_CHANGED, and nothing of it is done':
      refuseOthers(everyCallButSucceed),

    'serve every call of the present one': servePresent(everyCallButSucceed),

    'are compared in the transaction itself: no row of the one before comes after the switch': async (
      store,
    ) => {
      const id = await begun(store, rotationOf(A));
      await go(store, id, 'running', 'verified');
      const options = { epoch: 0 };
      const issued = [1, 2, 3, 4, 5, 6].map((person) => store.issue(batchOf(B, storeCodes(person)), options));
      const settled = Promise.allSettled(issued);
      await go(store, id, 'verified', 'switched');
      const { issuances } = await store.count();
      const stored = (await settled).filter(({ status }) => status === 'fulfilled').length;
      assert.deepEqual([stored, (await store.count()).issuances], [issuances, issuances]);
      await refused(store.issue(batchOf(B, storeCodes(7)), options), 'KEYS_CHANGED');
    },

    'ask to hold back until a moment, until it is ended or the keys are switched or retired': async (
      store,
    ) => {
      const id = await begun(store, rotationOf(A));
      const held = async () => (await store.outlook()).holdUntil;
      await store.hold(9_000);
      assert.equal(await held(), 9_000);
      await store.hold(0);
      assert.equal(await held(), 0);
      await store.hold(9_500);
      await go(store, id, 'running', 'verified');
      assert.equal(await held(), 9_500);
      await go(store, id, 'verified', 'switched');
      assert.equal(await held(), 0);
      await store.hold(9_900);
      await go(store, id, 'switched', 'retiring');
      assert.equal(await held(), 0);
    },
  }),
  ...storeKeyCasesOf('epochs', {
    'refuse a rotation of the store key, and successors, of another too': refuseOthers(everyCall),

    'serve them of the present one': servePresent(everyCall),

    'tell what a rotation before its switch leads to': async (store) => {
      for (const rotation of [STORE_ROTATION, GENERATION_ROTATION]) {
        const id = await begun(store, { ...rotation, parts: 0 });
        const { successor } = rotation;
        assert.deepEqual(await store.outlook(), { epoch: 0, holdUntil: 0, successor });
        await go(store, id, 'running', 'paused');
        assert.deepEqual((await store.outlook()).successor, successor);
        await go(store, id, 'paused', 'running', 'verified');
        assert.deepEqual((await store.outlook()).successor, successor);
        await go(store, id, 'verified', 'aborting');
        assert.deepEqual(await store.outlook(), { epoch: 0, holdUntil: 0 });
        await go(store, id, 'aborting', 'aborted');
      }
      const id = await begun(store, { ...STORE_ROTATION, parts: 0 });
      await go(store, id, 'running', 'verified', 'switched');
      assert.deepEqual(await store.outlook(), { epoch: 1, holdUntil: 0 });
    },
  }),
];
