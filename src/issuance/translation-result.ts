import { Redacted } from '../bytes/redacted.js';
import type { PerInstitutionCode } from '../codes/per-institution-code.js';
import type { RenkeiErrorCode } from '../errors/codes.js';
import type { ItemCodes } from './item-codes.js';

/** What every answer to a code says. */
interface AnsweredCode {
  /** The code's place in the batch, counted from 0. */
  readonly index: number;
}

/** The other institution holds a code for the same person. */
export interface TranslatedItem extends AnsweredCode {
  /** Tells the outcomes apart. */
  readonly status: 'translated';
  /** The other institution's 情報提供用個人識別符号. */
  readonly code: PerInstitutionCode;
}

/** The person is known, but the other institution holds no code for the person (令26条2項). */
export interface NotHeldItem extends AnsweredCode {
  /** Tells the outcomes apart. */
  readonly status: 'not-held';
}

/** The code is malformed, forged, of another institution, of an unknown version or was never issued. */
export interface RefusedCode extends AnsweredCode {
  /** Tells the outcomes apart. */
  readonly status: 'refused';
  /** What is wrong with it. */
  readonly error: RenkeiErrorCode;
}

/** What became of one code in a translation (媒介). */
export type TranslationItem = TranslatedItem | NotHeldItem | RefusedCode;

/** What became of a batch of codes, in their order. Redacted in every rendering. */
export class TranslationResult extends Redacted implements Iterable<TranslationItem> {
  readonly #codes: ItemCodes;
  readonly #refused: ReadonlyMap<number, RenkeiErrorCode>;
  /** Number of codes. */
  readonly length: number;

  /** @internal */
  constructor(length: number, codes: ItemCodes, refused: ReadonlyMap<number, RenkeiErrorCode>) {
    super();
    this.length = length;
    this.#codes = codes;
    this.#refused = refused;
  }

  /** What became of the code at this index; `undefined` when there is none. */
  at(index: number): TranslationItem | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) return undefined;
    const error = this.#refused.get(index);
    if (error !== undefined) return { index, status: 'refused', error };
    const code = this.#codes.text(index);
    return code === undefined ? { index, status: 'not-held' } : { index, status: 'translated', code };
  }

  /** All items in the order of the codes. */
  *[Symbol.iterator](): Iterator<TranslationItem> {
    for (let index = 0; index < this.length; index++) yield this.at(index) as TranslationItem;
  }
}
