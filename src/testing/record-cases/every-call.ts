import type { LogCallOptions } from '../../stores/log-port.js';
import type { RecordStore } from '../../stores/record-port.js';
import { AT, newRecord, PERIOD, recordCode, recordCodes } from '../record-samples.js';
import { A } from '../samples.js';

/**
 * A call of every method, each of which a store would serve; those that write would change something in a store where
 * person 1 has the only record, of generation 1.
 */
export function everyRecordCall(
  store: RecordStore,
  options?: LogCallOptions,
): Readonly<Record<string, () => Promise<unknown>>> {
  const pairs = {
    period: PERIOD,
    oldCodes: recordCodes(1),
    newCodes: recordCodes(101),
    generation: 1,
    at: AT,
  };
  return {
    append: () => store.append({ at: AT, records: [newRecord(2)] }, options),
    requests: () => store.requests([{ inquirer: A, requestId: 'request-1' }], options),
    latest: () => store.latest([1], options),
    personRecords: () =>
      store.personRecords({ period: PERIOD, recordCode: recordCode(1), limit: 1, ...options }),
    records: () => store.records({ limit: 1, ...options }),
    periods: () => store.periods(options),
    rekey: () => store.rekey(pairs, options),
    settleGeneration: () => store.settleGeneration(PERIOD, 2, AT, options),
    appendLog: () => store.appendLog([{ event: 'called' }], AT, options),
    logHead: () => store.logHead(options),
    logEntries: () => store.logEntries({ from: 0, limit: 1, ...options }),
    logHashes: () => store.logHashes({ level: 0, from: 0, limit: 1, ...options }),
    addCheckpoint: () => store.addCheckpoint({ size: 1, note: 'called' }, options),
    checkpoints: () => store.checkpoints({ from: 0, limit: 1, ...options }),
    lastCheckpoint: () => store.lastCheckpoint(options),
    erase: () => store.erase({ period: PERIOD, limit: 1, at: AT, ...options }),
  };
}
