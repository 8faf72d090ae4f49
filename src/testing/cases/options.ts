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

  'refuses an epoch that is none, whatever the method': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await assertUnchanged(store, async () => {
      for (const epoch of [-1, 0.5, '0']) {
        for (const call of Object.values(everyCall(store, { epoch } as never))) {
          await refused(call(), 'OPTION_INVALID', /epoch/);
        }
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
        () => store.outlook(given),
        () => store.beginRotation(given, given),
        () => store.rotations(given),
        () => store.moveRotation(given, given),
        () => store.hold(given, given),
        () => store.claimPart(given, given),
        () => store.finishPart(given, given, given, given),
        () => store.parts(given, given),
        () => store.noted(given, given, given),
        () => store.settle(given, given),
        () => store.succeed(given, given),
        () => store.successors(given, given),
        () => store.withoutSuccessor(given),
        () => store.lendSuccessors(given),
        () => store.moveRows(given, given),
        () => store.discardSuccessors(given, given),
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
