import assert from 'node:assert/strict';
import { refused, versionsOf } from '../answers.js';
import { casesOf } from '../contract-case.js';
import { A, B, batchOf, storeCodes } from '../samples.js';
import { everyCall } from './every-call.js';

export const closingCases = casesOf('closing', {
  'lets running calls end first': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    const batches = [batchOf(A, storeCodes(1, 2)), batchOf(B, storeCodes(1))];
    let ended = 0;
    const running = batches.map((batch) =>
      versionsOf(store.issue(batch)).finally(() => {
        ended++;
      }),
    );
    await store.close();
    // What settled together with it may still be told.
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ended, batches.length);
    assert.deepEqual(await Promise.all(running), [[1, 0], [0]]);
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
    const running = store.issue(batchOf(A, storeCodes(1)));
    const closing = store.close();
    for (const call of Object.values(everyCall(store))) await refused(call(), 'STORE_CLOSED');
    await Promise.all([running, closing]);
  },
});
