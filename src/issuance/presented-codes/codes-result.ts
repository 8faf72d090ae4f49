import type { RenkeiErrorCode } from '../../errors/codes.js';
import { BatchResult } from '../batch-result.js';

/** What every answer to a code says. */
export interface AnsweredCode {
  /** The code's place in the batch, counted from 0. */
  readonly index: number;
}

/** Why a code is refused. */
export interface CodeRefusal {
  /** What is wrong with it. */
  readonly error: RenkeiErrorCode;
  /** With `CODE_VERSION_RETIRED`, the version of the institution's key that the code is of. */
  readonly version?: number;
}

/**
 * The code is malformed, forged, of another institution, of an unknown or retired version, or was never issued.
 */
export interface RefusedCode extends AnsweredCode, CodeRefusal {
  /** Tells the outcomes apart. */
  readonly status: 'refused';
}

/** What became of a batch of codes, in their order. Redacted in every rendering. */
export abstract class CodesResult<Item extends AnsweredCode> extends BatchResult<Item | RefusedCode> {
  /** @internal */
  constructor(length: number, refused: ReadonlyMap<number, CodeRefusal>, itemAt: (index: number) => Item) {
    super(length, (index) => {
      const refusal = refused.get(index);
      return refusal === undefined ? itemAt(index) : { index, status: 'refused', ...refusal };
    });
  }
}
