import { linkKey } from '../../codes/key-names.js';
import type { IssuanceStore, StoreCallOptions } from '../../stores/port.js';
import { A, batchOf, changeOf, keyRecord, storeCodes } from '../samples.js';

/**
 * A call of every method, each of which a store would serve; those that write would change something in a store where
 * person 1 holds a code of A1 and no link key is on record.
 */
export function everyCall(
  store: IssuanceStore,
  options?: StoreCallOptions,
): Readonly<Record<string, () => Promise<unknown>>> {
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
  };
}
