import assert from 'node:assert/strict';
import type { LogCallOptions } from '../../stores/log-port.js';
import type { RecordStore } from '../../stores/record-port.js';
import { hex, refused } from '../answers.js';
import { recordCasesOf } from '../contract-case.js';
import { assertFileSound, assertFileUnchanged } from '../record-content.js';
import { AT, appendRecords, newRecord, recordCode } from '../record-samples.js';
import { range } from '../samples.js';
import { everyRecordCall } from './every-call.js';

async function refusesEvery(store: RecordStore, options: unknown, code: Parameters<typeof refused>[1]) {
  await appendRecords(store, [1]);
  await assertFileUnchanged(store, async () => {
    for (const call of Object.values(everyRecordCall(store, options as LogCallOptions)))
      await refused(call(), code);
  });
}

export const recordOptionsCases = recordCasesOf('options of every call', {
  'refuses one that does not exist, and changes nothing': (store) =>
    refusesEvery(store, { timeout: 5 }, 'OPTION_UNKNOWN'),

  'refuses a signal that is none, and changes nothing': (store) =>
    refusesEvery(store, { signal: true }, 'OPTION_INVALID'),

  'never throws synchronously, and fails with nothing but errors of the library': async (store) => {
    for (const given of [undefined, null, 7, 'text', {}, []] as never[]) {
      const calls = [
        () => store.append(given, given),
        () => store.requests(given, given),
        () => store.latest(given, given),
        () => store.personRecords(given),
        () => store.records(given),
        () => store.periods(given),
        () => store.rekey(given, given),
        () => store.settleGeneration(given, given, given, given),
        () => store.erase(given),
        () => store.appendLog(given, given, given),
        () => store.logHead(given),
        () => store.logEntries(given),
        () => store.logHashes(given),
        () => store.addCheckpoint(given, given),
        () => store.checkpoints(given),
        () => store.lastCheckpoint(given),
      ];
      for (const call of calls) {
        let answer: unknown;
        assert.doesNotThrow(() => {
          answer = call();
        });
        assert.ok(answer instanceof Promise);
        await answer.catch((error: unknown) => assert.equal((error as Error).name, 'RenkeiError'));
      }
    }
    assert.deepEqual(await store.periods(), []);
  },
});

export const givingUpRecordsCases = recordCasesOf('giving up', {
  'refuses every call whose caller has given up before, and stores nothing of it': (store) =>
    refusesEvery(store, { signal: AbortSignal.abort() }, 'ABORTED'),

  "passes on nothing of the caller's reason": async (store) => {
    const signal = AbortSignal.abort(new Error(`a code: ${hex(recordCode(1))}`));
    for (const call of Object.values(everyRecordCall(store, { signal }))) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      assert.ok(error instanceof Error);
      assert.ok(!`${error.message} ${String(error.cause)}`.includes(hex(recordCode(1))));
    }
  },

  'serves every call whose signal stays silent': async (store) => {
    await appendRecords(store, [1]);
    const { signal } = new AbortController();
    for (const call of Object.values(everyRecordCall(store, { signal }))) await call();
  },

  'stores a batch whole or not at all when its caller gives up on the way, as the answer says': async (
    store,
  ) => {
    let expected = 0;
    for (const turns of [0, 1, 2, 5, 20]) {
      const controller = new AbortController();
      const records = range(1_000 * turns, 500).map((person) => newRecord(person));
      const written = store.append({ at: AT, records }, { signal: controller.signal }).then(() => true);
      written.catch(() => undefined);
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      const stored = await written.catch(async () => {
        await refused(written, 'ABORTED');
        return false;
      });
      if (stored) expected += 500;
      assert.equal((await assertFileSound(store)).records.length, expected);
    }
  },
});

export const closingRecordsCases = recordCasesOf('closing', {
  'lets running calls end first': async (store) => {
    let ended = 0;
    const running = [1, 2, 3].map((person) =>
      appendRecords(store, [person]).finally(() => {
        ended++;
      }),
    );
    const answers = Promise.allSettled(running);
    await store.close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ended, 3);
    assert.ok((await answers).every(({ status }) => status === 'fulfilled'));
  },

  'may be done twice, also as an async disposal': async (store) => {
    await Promise.all([store.close(), store.close()]);
    await store[Symbol.asyncDispose]();
  },

  'is what an async disposal does': async (store) => {
    await store[Symbol.asyncDispose]();
    await refused(store.logHead(), 'STORE_CLOSED');
  },

  'refuses every call after it, and from when it begins': async (store) => {
    const closing = store.close();
    for (const call of Object.values(everyRecordCall(store))) await refused(call(), 'STORE_CLOSED');
    await closing;
    for (const call of Object.values(everyRecordCall(store))) await refused(call(), 'STORE_CLOSED');
  },
});
