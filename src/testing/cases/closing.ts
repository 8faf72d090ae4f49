import assert from 'node:assert/strict';
import { refused, versionsOf } from '../answers.js';
import { casesOf } from '../contract-case.js';
import { A, B, batchOf, storeCodes } from '../samples.js';
import { everyCall } from './every-call.js';

export const closingCases = casesOf('closing', {
  'lets running calls end first': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    let ended = 0;
    const running = [batchOf(A, storeCodes(1, 2)), batchOf(B, storeCodes(1))].map((batch) =>
      versionsOf(store.issue(batch)).finally(() => {
        ended++;
      }),
    );
    // Looked at from the start: a call that fails must not reject where nobody listens.
    const answers = Promise.allSettled(running);
    await store.close();
    // What settled together with it may still be told.
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ended, 2);
    assert.deepEqual(await answers, [
      { status: 'fulfilled', value: [1, 0] },
      { status: 'fulfilled', value: [0] },
    ]);
  },

  'may be done twice, also as an async disposal': async (store) => {
    await Promise.all([store.close(), store.close()]);
    await store[Symbol.asyncDispose]();
  },

  'is what an async disposal does': async (store) => {
    await store[Symbol.asyncDispose]();
    await refused(store.count(), 'STORE_CLOSED');
  },

  'refuses every call after it': async (store) => {
    await store.close();
    for (const call of Object.values(everyCall(store))) await refused(call(), 'STORE_CLOSED');
  },

  'refuses every call from when it begins, though calls are still running': async (store) => {
    const answers = Promise.allSettled([versionsOf(store.issue(batchOf(A, storeCodes(1)))), store.close()]);
    for (const call of Object.values(everyCall(store))) await refused(call(), 'STORE_CLOSED');
    assert.deepEqual(await answers, [
      { status: 'fulfilled', value: [0] },
      { status: 'fulfilled', value: undefined },
    ]);
  },
});
