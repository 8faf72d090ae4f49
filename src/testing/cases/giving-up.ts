import assert from 'node:assert/strict';
import { hex, refused } from '../answers.js';
import { assertUnchanged, contentOf } from '../content.js';
import { type CaseBody, casesOf, storeKeyCasesOf } from '../contract-case.js';
import { A, batchOf, changeOf, range, storeCode, storeCodes } from '../samples.js';
import { everyCall, everyCallButSucceed } from './every-call.js';

/** Starts a write, gives up after some turns of the event loop, and tells whether it was stored all the same. */
async function abandon(turns: number, write: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
  const controller = new AbortController();
  const written = write(controller.signal).then(() => true);
  // Were it to reject before anybody looked, the process would take it for an unhandled rejection.
  written.catch(() => undefined);
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  return written.catch(async () => {
    await refused(written, 'ABORTED');
    return false;
  });
}

const serveSilent =
  (calls: typeof everyCall): CaseBody =>
  async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    const { signal } = new AbortController();
    for (const call of Object.values(calls(store, { signal }))) await call();
  };

export const givingUpCases = [
  ...casesOf('giving up', {
    'refuses every call whose caller has given up before, and stores nothing of it': async (store) => {
      await store.issue(batchOf(A, storeCodes(1)));
      const signal = AbortSignal.abort();
      await assertUnchanged(store, async () => {
        for (const call of Object.values(everyCall(store, { signal }))) await refused(call(), 'ABORTED');
      });
    },

    "passes on nothing of the caller's reason": async (store) => {
      const signal = AbortSignal.abort(new Error(`a code: ${hex(storeCode(1))}`));
      for (const call of Object.values(everyCall(store, { signal }))) {
        const error: unknown = await call().catch((thrown: unknown) => thrown);
        assert.ok(error instanceof Error);
        assert.ok(!`${error.message} ${String(error.cause)}`.includes(hex(storeCode(1))));
      }
    },

    'serves every call whose signal stays silent': serveSilent(everyCallButSucceed),

    'stores a batch whole or not at all when its caller gives up on the way, as the answer says': async (
      store,
    ) => {
      let expected = 0;
      for (const turns of [0, 1, 2, 5, 20]) {
        const people = storeCodes(...range(10_000 * turns, 5_000));
        const stored = await abandon(turns, (signal) => store.issue(batchOf(A, people), { signal }));
        if (stored) expected += 5_000;
        const { persons, issuances } = await store.count();
        assert.deepEqual([persons, issuances], [expected, expected]);
      }
    },

    'changes and removes all or nothing when its caller gives up on the way, as the answer says': async (
      store,
    ) => {
      const people = range(0, 500);
      for (const turns of [0, 1, 2, 5, 20]) {
        await store.issue(batchOf(A, storeCodes(...people)));
        const pairs = people.map((person) => [person, person + 1_000_000] as const);
        const changed = await abandon(turns, (signal) => store.change(changeOf(pairs), { signal }));
        assert.equal((await store.count()).aliases, changed ? people.length : 0);
        const before = await contentOf(store);
        const removed = await abandon(turns, (signal) => store.remove(storeCodes(...people), { signal }));
        const { persons, issuances } = await contentOf(store);
        assert.deepEqual([persons, issuances], removed ? [[], []] : [before.persons, before.issuances]);
        await store.remove(storeCodes(...people));
      }
    },
  }),
  ...storeKeyCasesOf('giving up', {
    'serves a rotation of the store key whose signal stays silent': serveSilent(everyCall),
  }),
];
