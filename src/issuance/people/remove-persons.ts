import { pickCodes, rowsWithout } from '../../codes/packed-codes.js';
import { checkOptions } from '../../errors/options.js';
import { logged } from '../../lifecycle/operation-log.js';
import type { RemovedPerson } from '../../stores/port.js';
import { statusCounts } from '../batch-result.js';
import { checkBatchSize } from '../batch-size.js';
import { everyEntry } from '../every-row.js';
import { CALL_RULES, type IssuerCallOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { writing } from '../operation.js';
import { countResidents, type Residents } from '../residents.js';
import { RemovalResult } from './removal-result.js';
import { storeCodesOfResidents } from './store-codes.js';

/** Deletes people for good, by any of their resident record codes. */
export async function removePersons(
  parts: IssuerParts,
  residents: Residents,
  options: IssuerCallOptions,
): Promise<RemovalResult> {
  checkOptions('removePersons', options, CALL_RULES);
  const rows = countResidents(residents);
  checkBatchSize(rows, 'residents');
  if (rows === 0) return new RemovalResult(0, new Map(), new Map());
  return logged({
    log: parts.log,
    event: 'persons.remove',
    details: { residents: rows },
    run: () => remove(parts, residents, rows, options.signal),
    outcome: (result) => statusCounts(result, ['removed', 'not-held', 'refused']),
  });
}

async function remove(
  parts: IssuerParts,
  residents: Residents,
  rows: number,
  signal: AbortSignal | undefined,
): Promise<RemovalResult> {
  const operation = await writing(parts, signal, async (begun) => begun);
  const { storeCodes, refused } = await storeCodesOfResidents(operation, residents, signal);
  const served = rowsWithout(rows, refused);
  const removed = new Map<number, RemovedPerson>();
  if (served.length > 0) {
    const known = pickCodes(storeCodes, served);
    const answer = await parts.store.remove(known, operation.keys.callOptions(signal));
    everyEntry(answer, served.length).forEach((person, k) => {
      removed.set(served[k] as number, person);
    });
  }
  return new RemovalResult(rows, removed, refused);
}
