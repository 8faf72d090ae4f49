import assert from 'node:assert/strict';
import { assertUnchanged } from '../content.js';
import { casesOf } from '../contract-case.js';
import { begun, claimOf, go, rotationOf } from '../rotation-samples.js';
import { A } from '../samples.js';

const WORK = rotationOf(A, { parts: 3 });

export const partsCases = casesOf('parts of a rotation', {
  'are there from the beginning, to be done': async (store) => {
    const id = await begun(store, WORK);
    assert.deepEqual(await store.parts(id), [{ part: 0 }, { part: 1 }, { part: 2 }]);
    assert.deepEqual(await store.parts(id + 1), []);
  },

  'are claimed by one worker at a time, the lowest first': async (store) => {
    const id = await begun(store, WORK);
    const claim = (worker: string) => store.claimPart(claimOf(id, { worker }));
    assert.deepEqual([await claim('one'), await claim('two'), await claim('three')], [0, 1, 2]);
    assert.equal(await claim('four'), undefined);
    assert.equal(await claim('two'), 1);
    assert.equal(await store.claimPart(claimOf(id + 1)), undefined);
  },

  'go to another worker when the claim has run out': async (store) => {
    const id = await begun(store, { ...WORK, parts: 1 });
    assert.equal(await store.claimPart(claimOf(id, { now: 6_000, leaseMs: 1_000 })), 0);
    assert.equal(await store.claimPart(claimOf(id, { worker: 'two', now: 6_999 })), undefined);
    assert.equal(await store.claimPart(claimOf(id, { now: 6_500, leaseMs: 1_000 })), 0);
    assert.equal(await store.claimPart(claimOf(id, { worker: 'two', now: 7_499 })), undefined);
    assert.equal(await store.claimPart(claimOf(id, { worker: 'two', now: 7_500 })), 0);
    assert.equal(await store.claimPart(claimOf(id, { now: 7_600 })), undefined);
  },

  'are done once: the first report stays, whoever has the claim': async (store) => {
    const id = await begun(store, WORK);
    await store.claimPart(claimOf(id));
    assert.equal(await store.finishPart(id, 0, '報告'), 'inserted');
    await assertUnchanged(store, async () => {
      assert.equal(await store.finishPart(id, 0, 'another'), 'existed');
    });
    assert.equal(await store.finishPart(id, 2, ''), 'inserted');
    assert.deepEqual(await store.parts(id), [
      { part: 0, report: '報告' },
      { part: 1 },
      { part: 2, report: '' },
    ]);
    assert.equal(await store.claimPart(claimOf(id, { worker: 'two', now: 99_000 })), 1);
    await store.finishPart(id, 1, 'done');
    assert.equal(await store.claimPart(claimOf(id, { worker: 'two', now: 999_000 })), undefined);
  },

  'cannot be done where there is no such part': async (store) => {
    const id = await begun(store, WORK);
    assert.equal(await store.finishPart(id, 3, 'done'), 'conflict');
    assert.equal(await store.finishPart(id + 1, 0, 'done'), 'conflict');
    await go(store, id, 'running', 'aborting', 'aborted');
    assert.equal(await store.finishPart(id, 0, 'done'), 'conflict');
  },

  'are claimed only while the rotation runs, and may be done while it is paused': async (store) => {
    const id = await begun(store, WORK);
    await go(store, id, 'running', 'paused');
    assert.equal(await store.claimPart(claimOf(id)), undefined);
    assert.equal(await store.finishPart(id, 0, 'done'), 'inserted');
    await go(store, id, 'paused', 'running');
    assert.equal(await store.claimPart(claimOf(id)), 1);
    await go(store, id, 'running', 'aborting');
    assert.equal(await store.claimPart(claimOf(id)), undefined);
  },

  'are another worker each when several claim at once': async (store) => {
    const id = await begun(store, { ...WORK, parts: 4 });
    const workers = ['a', 'b', 'c', 'd', 'e', 'f'];
    const claimed = await Promise.all(workers.map((worker) => store.claimPart(claimOf(id, { worker }))));
    const parts = claimed.filter((part) => part !== undefined);
    assert.deepEqual(parts.toSorted(), [0, 1, 2, 3]);
  },
});
