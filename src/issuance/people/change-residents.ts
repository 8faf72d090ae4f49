import { codeAt, pickCodes, rowsWithout } from '../../codes/packed-codes.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import { checkOptions } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { logged } from '../../lifecycle/operation-log.js';
import type { WriteOutcome } from '../../stores/port.js';
import { statusCounts } from '../batch-result.js';
import { checkBatchSize } from '../batch-size.js';
import { pickSuccessors, verifySuccessor } from '../derive-residents.js';
import { everyEntry } from '../every-row.js';
import { CALL_RULES, type IssuerCallOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { writing } from '../operation.js';
import { countResidents, type Residents } from '../residents.js';
import { ChangeResult, type RefusedChange } from './change-result.js';
import { storeCodesOfResidents, storeCodesWithSuccessors } from './store-codes.js';

/**
 * 住民票コードの変更: old and new resident record codes, the n-th new one in place of the n-th old one (住基法30条の9の2
 * 第2項, 住基令30条の8の2第2項).
 */
export interface ResidentRecordCodeChanges {
  /** The codes until now. */
  readonly old: Residents;
  /** The codes from now on. */
  readonly new: Residents;
}

/** Lets the new resident record code lead to the person of the old one, who keeps all codes. */
export async function changeResidents(
  parts: IssuerParts,
  changes: ResidentRecordCodeChanges,
  options: IssuerCallOptions,
): Promise<ChangeResult> {
  checkOptions('changeResidentRecordCodes', options, CALL_RULES);
  if (typeof changes !== 'object' || changes === null) {
    throw new RenkeiError('OPTION_INVALID', 'changes must be an object { old, new }');
  }
  const rows = countPairs(changes);
  if (rows === 0) return new ChangeResult(0, [], new Map());
  return logged({
    log: parts.log,
    event: 'resident-record-codes.change',
    details: { changes: rows },
    run: () => change(parts, changes, rows, options.signal),
    outcome: (result) => statusCounts(result, ['changed', 'already-changed', 'conflict', 'refused']),
  });
}

async function change(
  parts: IssuerParts,
  changes: ResidentRecordCodeChanges,
  rows: number,
  signal: AbortSignal | undefined,
): Promise<ChangeResult> {
  const operation = await writing(parts, signal, async (begun) => {
    await verifySuccessor(begun.keys, signal);
    return begun;
  });
  const { keys } = operation;
  const before = await storeCodesOfResidents(operation, changes.old, signal);
  const after = await storeCodesWithSuccessors(operation, changes.new, signal);
  const refused = new Map<number, Pick<RefusedChange, 'error' | 'which'>>();
  const refuse = (which: RefusedChange['which'], errors: Iterable<readonly [number, RenkeiErrorCode]>) => {
    for (const [index, error] of errors) if (!refused.has(index)) refused.set(index, { error, which });
  };
  refuse('old', before.refused);
  refuse('new', after.refused);
  refuse('new', unchanged(rows, before.storeCodes, after.storeCodes));
  const served = rowsWithout(rows, refused);
  const outcomes: WriteOutcome[] = Array.from({ length: rows });
  if (served.length > 0) {
    const batch = {
      generation: keys.generation,
      changedAt: parts.now(),
      oldCodes: pickCodes(before.storeCodes, served),
      newCodes: pickCodes(after.storeCodes, served),
      ...pickSuccessors(after.successors, served),
    };
    const answer = everyEntry(await parts.store.change(batch, keys.callOptions(signal)), served.length);
    served.forEach((index, k) => {
      outcomes[index] = answer[k] as WriteOutcome;
    });
  }
  return new ChangeResult(rows, outcomes, refused);
}

function countPairs(changes: ResidentRecordCodeChanges): number {
  const rows = countResidents(changes.old);
  const newRows = countResidents(changes.new);
  if (rows !== newRows)
    throw new RenkeiError('BUFFER_LENGTH', `${newRows} new residents for ${rows} old ones`);
  checkBatchSize(rows, 'changes');
  return rows;
}

/** Pairs of one and the same resident record code. It has one store code, so the digits need not be kept for this. */
function* unchanged(
  rows: number,
  oldCodes: Uint8Array,
  newCodes: Uint8Array,
): Generator<readonly [number, RenkeiErrorCode]> {
  for (let index = 0; index < rows; index++) {
    if (Buffer.compare(codeAt(oldCodes, index), codeAt(newCodes, index)) === 0) {
      yield [index, 'RESIDENT_RECORD_CODE_UNCHANGED'];
    }
  }
}
