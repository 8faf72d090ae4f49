import assert from 'node:assert/strict';
import { refused } from '../answers.js';
import { assertUnchanged } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, batchOf, storeCodes } from '../samples.js';
import { everyCall } from './every-call.js';

export const optionsCases = casesOf('options of every call', {
  'refuses an option that does not exist by its name, whatever the method': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await assertUnchanged(store, async () => {
      for (const call of Object.values(everyCall(store, { timeoutMs: 5 } as never))) {
        await refused(call(), 'OPTION_UNKNOWN', /timeoutMs/);
      }
    });
  },

  'refuses a signal that is none, whatever the method': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await assertUnchanged(store, async () => {
      for (const call of Object.values(everyCall(store, { signal: true } as never))) {
        await refused(call(), 'OPTION_INVALID', /signal/);
      }
    });
  },

  'never throws synchronously, whatever it is given': async (store) => {
    const nonsense = [undefined, null, 7, 'text', {}, []] as never[];
    for (const given of nonsense) {
      const calls = [
        () => store.begin(given),
        () => store.registerKey(given),
        () => store.listKeys(given),
        () => store.issue(given, given),
        () => store.lookUp(given, given, given),
        () => store.details(given, given, given),
        () => store.holders(given, given),
        () => store.change(given, given),
        () => store.remove(given, given),
        () => store.persons(given),
        () => store.issuances(given, given),
        () => store.statistics(given),
        () => store.check(given),
        () => store.count(given),
      ];
      for (const call of calls) {
        let answer: unknown;
        assert.doesNotThrow(() => {
          answer = call();
        });
        assert.ok(answer instanceof Promise);
        await answer.catch(() => undefined);
      }
    }
    assert.deepEqual((await store.count()).persons, 0);
  },
});
