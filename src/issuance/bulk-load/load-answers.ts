import type { PerInstitutionCode } from '../../codes/per-institution-code.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import { BatchResult } from '../batch-result.js';
import type { IssuanceCounts } from '../batches/issuance-result.js';
import type { ItemCodes } from '../item-codes.js';

/** What every answer says. */
interface AnsweredResident {
  /** The resident's place in the list the load was given, counted from 0. */
  readonly position: number;
}

/** A code was generated for the institution by this load. */
export interface LoadedItem extends AnsweredResident {
  /** Tells the outcomes apart. */
  readonly status: 'issued';
  /** 情報提供用個人識別符号. */
  readonly code: PerInstitutionCode;
}

/** The institution had the person's code before, or the person stands in the list twice. */
export interface AlreadyLoadedItem extends AnsweredResident {
  /** Tells the outcomes apart. */
  readonly status: 'already-issued';
  /** The code again, where `reissue` asked for it. */
  readonly code?: PerInstitutionCode;
}

/** What was given is no resident record code. */
export interface RefusedResident extends AnsweredResident {
  /** Tells the outcomes apart. */
  readonly status: 'refused';
  /** What is wrong with it. */
  readonly error: RenkeiErrorCode;
}

/** What became of one resident of a load. */
export type BulkLoadItem = LoadedItem | AlreadyLoadedItem | RefusedResident;

/** What a batch of answers is made of. */
interface AnswerColumns {
  /** Place of the first in the list. */
  readonly first: number;
  readonly length: number;
  readonly codes: ItemCodes;
  /** One byte a resident: 1 for already issued. */
  readonly alreadyIssued: Uint8Array;
  readonly refused: ReadonlyMap<number, RenkeiErrorCode>;
}

/**
 * What became of a stretch of the list, in its order. Holds the codes packed and writes an item's text when it is
 * asked for. Redacted in every rendering.
 */
export class BulkLoadAnswers extends BatchResult<BulkLoadItem> {
  /** Place of the first in the list the load was given, counted from 0. */
  readonly first: number;
  /** How many of them ended how. */
  readonly counts: IssuanceCounts;

  /** @internal */
  constructor({ first, length, codes, alreadyIssued, refused }: AnswerColumns) {
    super(length, (index) => {
      const position = first + index;
      const error = refused.get(index);
      if (error !== undefined) return { position, status: 'refused', error };
      const code = codes.text(index);
      if (alreadyIssued[index] !== 1) return { position, status: 'issued', code: code as PerInstitutionCode };
      const item = { position, status: 'already-issued' } as const;
      return code === undefined ? item : { ...item, code };
    });
    this.first = first;
    let already = 0;
    for (const flag of alreadyIssued) already += flag;
    this.counts = {
      issued: length - already - refused.size,
      alreadyIssued: already,
      refused: refused.size,
    };
  }
}
