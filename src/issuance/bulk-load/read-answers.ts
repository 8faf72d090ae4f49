import { codeAt, pickCodes, rowsWithout } from '../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { signalOption, throwIfAborted } from '../../errors/abort.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import type { IssuerParts } from '../issuer-parts.js';
import { ItemCodes } from '../item-codes.js';
import type { ActiveKey } from '../key-snapshot.js';
import { makeCodes, type WantedCode } from '../make-codes.js';
import { type Operation, reading } from '../operation.js';
import { spillCorrupt } from '../spill/faults.js';
import type { OutcomeCursors } from '../spill/outcome-blocks.js';
import type { SpilledRequests } from '../spill/request-blocks.js';
import type { Spill } from '../spill/spill.js';
import { BulkLoadAnswers } from './load-answers.js';
import { ISSUED_NOW, type LoadRecord, loadKey, requireSameKeys } from './load-record.js';

/** Which answers are wanted. */
interface AnswerSelection {
  /** Place in the list to begin with. */
  readonly from: number;
  /** Answers a batch. */
  readonly batchRows: number;
  readonly reissue: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads the answers of a stored load in the order of the list, a batch at a time. Each request says from which
 * partition its outcome comes, and outcomes lie in the order of the requests, so that a block of each partition is
 * all that is in memory.
 */
export async function* readAnswers(
  parts: IssuerParts,
  spill: Spill<LoadRecord>,
  { from, batchRows, reissue, signal }: AnswerSelection,
): AsyncGenerator<BulkLoadAnswers, void, void> {
  const cursors = spill.outcomes();
  let position = 0;
  for (const block of spill.requests()) {
    for (let start = 0; start < block.rows; ) {
      throwIfAborted(signal);
      if (position < from) {
        // What comes before is passed over: the outcomes have to keep in step.
        const end = Math.min(block.rows, start + from - position);
        for (let row = start; row < end; row++) {
          if (block.refusals[row] === 0) cursors.next(block.partitions[row] as number);
        }
        position += end - start;
        start = end;
        continue;
      }
      const end = Math.min(block.rows, start + batchRows);
      yield await answer(parts, spill, cursors, stretch(block, start, end), position, reissue, signal);
      position += end - start;
      start = end;
    }
  }
}

/** Some requests of a block, as views. */
function stretch(
  { partitions, refusals, codes }: SpilledRequests,
  start: number,
  end: number,
): SpilledRequests {
  return {
    rows: end - start,
    partitions: partitions.subarray(start, end),
    refusals: refusals.subarray(start, end),
    codes: codes.subarray(start * CODE_LENGTH, end * CODE_LENGTH),
  };
}

function answer(
  parts: IssuerParts,
  spill: Spill<LoadRecord>,
  cursors: OutcomeCursors,
  { rows, partitions, refusals, codes: spilled }: SpilledRequests,
  first: number,
  reissue: boolean,
  signal: AbortSignal | undefined,
): Promise<BulkLoadAnswers> {
  const present = new Uint8Array(rows);
  const alreadyIssued = new Uint8Array(rows);
  const refused = new Map<number, RenkeiErrorCode>();
  const ofChanged: WantedCode[] = [];
  for (let index = 0; index < rows; index++) {
    const refusal = refusals[index] as number;
    if (refusal !== 0) {
      refused.set(index, spill.refusalOf(refusal));
      continue;
    }
    const outcome = cursors.next(partitions[index] as number);
    if (outcome !== ISSUED_NOW) alreadyIssued[index] = 1;
    if (outcome !== ISSUED_NOW && !reissue) continue;
    const { own } = cursors;
    // The spilled code is of the resident record code that was given; a person keeps that of the first one.
    if (own !== undefined) ofChanged.push({ index, storeCode: own });
    else present[index] = 1;
  }
  return reading(parts, signal, async (operation) => {
    await requireSameKeys(operation.keys, spill.about);
    const key = await operation.keys.active(spill.about.institution, signal);
    const active = await underActiveKey(operation, spill.about, key, spilled, present, signal);
    const codes = ItemCodes.of(active, key.version, present);
    await makeCodes(operation, key, ofChanged, codes, signal);
    return new BulkLoadAnswers({ first, length: rows, codes, alreadyIssued, refused });
  });
}

/**
 * The load's codes as they are under the active version of the institution's key.
 *
 * @param spilled lent from a block that nobody else reads: the answers have it for themselves
 */
async function underActiveKey(
  { vault }: Operation,
  load: LoadRecord,
  key: ActiveKey,
  spilled: Uint8Array,
  present: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (key.version === load.keyVersion) return spilled;
  const rows = rowsWithout(present.length, { has: (index) => present[index] === 0 });
  const codes = new Uint8Array(spilled.length);
  if (rows.length === 0) return codes;
  const given = pickCodes(spilled, rows);
  const made = await vault.translate(given, loadKey(load), [key.name], signalOption(signal));
  if (made.refusals.length > 0) throw spillCorrupt('a code is not one of the key it was made under');
  rows.forEach((index, n) => {
    codes.set(codeAt(made.codes[0] as Uint8Array, n), index * CODE_LENGTH);
  });
  return codes;
}
