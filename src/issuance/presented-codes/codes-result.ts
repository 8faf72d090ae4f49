import type { RenkeiErrorCode } from '../../errors/codes.js';
import { BatchResult } from '../batch-result.js';

/** What every answer to a code says. */
export interface AnsweredCode {
  /** The code's place in the batch, counted from 0. */
  readonly index: number;
}

/** The code is malformed, forged, of another institution, of an unknown version or was never issued. */
export interface RefusedCode extends AnsweredCode {
  /** Tells the outcomes apart. */
  readonly status: 'refused';
  /** What is wrong with it. */
  readonly error: RenkeiErrorCode;
}

/** What became of a batch of codes, in their order. Redacted in every rendering. */
export abstract class CodesResult<Item extends AnsweredCode> extends BatchResult<Item | RefusedCode> {
  /** @internal */
  constructor(
    length: number,
    refused: ReadonlyMap<number, RenkeiErrorCode>,
    itemAt: (index: number) => Item,
  ) {
    super(length, (index) => {
      const error = refused.get(index);
      return error === undefined ? itemAt(index) : { index, status: 'refused', error };
    });
  }
}
