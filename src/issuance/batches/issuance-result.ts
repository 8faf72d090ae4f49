import type { PerInstitutionCode } from '../../codes/per-institution-code.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import { BatchResult } from '../batch-result.js';
import type { ItemCodes } from '../item-codes.js';

/** What every answer to a request says. */
interface AnsweredRequest {
  /** The request's place in the batch, counted from 0. */
  readonly index: number;
  /** 取得番号 of the request. */
  readonly acquisitionNumber: string;
}

/** A code was generated for the institution now. */
export interface IssuedItem extends AnsweredRequest {
  /** Tells the outcomes apart. */
  readonly status: 'issued';
  /** 情報提供用個人識別符号. */
  readonly code: PerInstitutionCode;
}

/** The institution has the person's code already. */
export interface AlreadyIssuedItem extends AnsweredRequest {
  /** Tells the outcomes apart. */
  readonly status: 'already-issued';
  /** The code again, where `reissue` asked for it. */
  readonly code?: PerInstitutionCode;
}

/** The request is malformed; nothing was done for it. */
export interface RefusedRequest extends AnsweredRequest {
  /** Tells the outcomes apart. */
  readonly status: 'refused';
  /** What is wrong with it. */
  readonly error: RenkeiErrorCode;
}

/** What became of one request (命令85 44条). */
export type IssuanceItem = IssuedItem | AlreadyIssuedItem | RefusedRequest;

/** How many requests ended how. */
export interface IssuanceCounts {
  /** Codes generated now. */
  readonly issued: number;
  /** Codes the institution had before. */
  readonly alreadyIssued: number;
  /** Malformed requests. */
  readonly refused: number;
}

/**
 * What became of a batch, item by item in the order of the requests. Holds the codes packed and writes an item's
 * text when it is asked for. Redacted in every rendering.
 */
export class IssuanceResult extends BatchResult<IssuanceItem> {
  /** How many requests ended how. */
  readonly counts: IssuanceCounts;

  /** @internal */
  constructor(
    acquisitionNumbers: readonly string[],
    codes: ItemCodes,
    alreadyIssued: Uint8Array,
    refused: ReadonlyMap<number, RenkeiErrorCode>,
  ) {
    super(acquisitionNumbers.length, (index) => {
      const acquisitionNumber = acquisitionNumbers[index] as string;
      const error = refused.get(index);
      if (error !== undefined) return { index, acquisitionNumber, status: 'refused', error };
      const code = codes.text(index);
      if (alreadyIssued[index] === 1) {
        const item = { index, acquisitionNumber, status: 'already-issued' } as const;
        return code === undefined ? item : { ...item, code };
      }
      return { index, acquisitionNumber, status: 'issued', code: code as PerInstitutionCode };
    });
    let already = 0;
    for (const flag of alreadyIssued) already += flag;
    this.counts = {
      issued: acquisitionNumbers.length - already - refused.size,
      alreadyIssued: already,
      refused: refused.size,
    };
  }
}
