import type { RenkeiErrorCode } from '../../errors/codes.js';
import type { RemovedIssuance, RemovedPerson } from '../../stores/port.js';
import { BatchResult } from '../batch-result.js';

/** What every answer to a deletion says. */
interface AnsweredRemoval {
  /** The resident's place in the batch, counted from 0. */
  readonly index: number;
}

/** The person was deleted now, with all codes. */
export interface RemovedItem extends AnsweredRemoval {
  /** Tells the outcomes apart. */
  readonly status: 'removed';
  /** How many resident record codes led to the person: 1, and one more for every change. */
  readonly residentRecordCodes: number;
  /** Codes of institutions that are gone, ordered by institution. */
  readonly issuances: readonly RemovedIssuance[];
}

/** The store holds nothing of such a person, or an earlier item of the batch deleted the person. */
export interface NothingToRemove extends AnsweredRemoval {
  /** Tells the outcomes apart. */
  readonly status: 'not-held';
}

/** Not a resident record code; nothing was done for it. */
export interface RefusedRemoval extends AnsweredRemoval {
  /** Tells the outcomes apart. */
  readonly status: 'refused';
  /** What is wrong with it. */
  readonly error: RenkeiErrorCode;
}

/** What became of one physical deletion (物理削除). */
export type RemovalItem = RemovedItem | NothingToRemove | RefusedRemoval;

/** What became of a batch of deletions, in the order of the residents. Redacted in every rendering. */
export class RemovalResult extends BatchResult<RemovalItem> {
  /** @internal */
  constructor(
    length: number,
    removed: ReadonlyMap<number, RemovedPerson>,
    refused: ReadonlyMap<number, RenkeiErrorCode>,
  ) {
    super(length, (index) => {
      const error = refused.get(index);
      if (error !== undefined) return { index, status: 'refused', error };
      const { storeCodes, issuances } = removed.get(index) as RemovedPerson;
      if (storeCodes === 0) return { index, status: 'not-held' };
      return { index, status: 'removed', residentRecordCodes: storeCodes, issuances };
    });
  }
}
