import type { RenkeiErrorCode } from '../../errors/codes.js';
import type { WriteOutcome } from '../../stores/port.js';
import { BatchResult } from '../batch-result.js';

/** What every answer to a change says. */
interface AnsweredChange {
  /** The pair's place in the batch, counted from 0. */
  readonly index: number;
}

/** The new resident record code leads to the person of the old one from now on. */
export interface ChangedItem extends AnsweredChange {
  /** Tells the outcomes apart. */
  readonly status: 'changed';
}

/** Both resident record codes led to one person before. */
export interface AlreadyChangedItem extends AnsweredChange {
  /** Tells the outcomes apart. */
  readonly status: 'already-changed';
}

/** The new resident record code is another person's; nothing changed. */
export interface ConflictingChange extends AnsweredChange {
  /** Tells the outcomes apart. */
  readonly status: 'conflict';
}

/** One of the two is no resident record code, or both are the same; nothing changed. */
export interface RefusedChange extends AnsweredChange {
  /** Tells the outcomes apart. */
  readonly status: 'refused';
  /** What is wrong. */
  readonly error: RenkeiErrorCode;
  /** Which of the two it is wrong with; the old one where it is with both. */
  readonly which: 'old' | 'new';
}

/** What became of one change of a resident record code. */
export type ChangeItem = ChangedItem | AlreadyChangedItem | ConflictingChange | RefusedChange;

const STATUS = { inserted: 'changed', existed: 'already-changed', conflict: 'conflict' } as const;

/** What became of a batch of changes, in their order. Redacted in every rendering. */
export class ChangeResult extends BatchResult<ChangeItem> {
  /** @internal */
  constructor(
    length: number,
    outcomes: readonly WriteOutcome[],
    refused: ReadonlyMap<number, Pick<RefusedChange, 'error' | 'which'>>,
  ) {
    super(length, (index) => {
      const refusal = refused.get(index);
      if (refusal !== undefined) return { index, status: 'refused', ...refusal };
      return { index, status: STATUS[outcomes[index] as WriteOutcome] };
    });
  }
}
