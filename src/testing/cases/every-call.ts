import { linkKey } from '../../codes/key-names.js';
import type { IssuanceStore, StoreCallOptions } from '../../stores/port.js';
import { claimOf, moveOf, pairsOf, rotationOf, STORE_ROTATION } from '../rotation-samples.js';
import { A, batchOf, changeOf, keyRecord, storeCodes } from '../samples.js';

type Calls = Readonly<Record<string, () => Promise<unknown>>>;

/**
 * A call of every method, each of which a store would serve; those that write would change something in a store where
 * person 1 holds a code of A1 and no link key is on record.
 */
export function everyCall(store: IssuanceStore, options?: StoreCallOptions): Calls {
  return {
    ...everyCallButSucceed(store, options),
    beginRotation: () => store.beginRotation(STORE_ROTATION, options),
    succeed: () => store.succeed(pairsOf([1, 101]), options),
  };
}

/** The same for a store that does not rotate its own key. */
export function everyCallButSucceed(store: IssuanceStore, options?: StoreCallOptions): Calls {
  return {
    begin: () => store.begin([keyRecord(linkKey(1), 'f1')], options),
    registerKey: () => store.registerKey(keyRecord(linkKey(2), 'f2'), options),
    listKeys: () => store.listKeys(options),
    issue: () => store.issue(batchOf(A, storeCodes(2)), options),
    lookUp: () => store.lookUp(A, storeCodes(1), options),
    details: () => store.details(A, storeCodes(1), options),
    holders: () => store.holders(storeCodes(1), options),
    change: () => store.change(changeOf([[1, 3]]), options),
    remove: () => store.remove(storeCodes(1), options),
    persons: () => store.persons({ limit: 1, ...options }),
    issuances: () => store.issuances(A, { limit: 1, ...options }),
    statistics: () => store.statistics(options),
    check: () => store.check(options),
    count: () => store.count(options),
    beginRotation: () => store.beginRotation(rotationOf(A, { parts: 1 }), options),
    claimPart: () => store.claimPart(claimOf(1), options),
    finishPart: () => store.finishPart(1, 0, 'done', options),
    lendSuccessors: () => store.lendSuccessors(options),
    moveRotation: () => store.moveRotation(moveOf(1, 'running', 'verified'), options),
    outlook: () => store.outlook(options),
    rotations: () => store.rotations(options),
    hold: () => store.hold(5_000, options),
    parts: () => store.parts(1, options),
    noted: () => store.noted(10, undefined, options),
    settle: () => store.settle([1], options),
    successors: () => store.successors(storeCodes(1), options),
    withoutSuccessor: () => store.withoutSuccessor({ limit: 1, ...options }),
    moveRows: () => store.moveRows(10, options),
    discardSuccessors: () => store.discardSuccessors(10, options),
  };
}
