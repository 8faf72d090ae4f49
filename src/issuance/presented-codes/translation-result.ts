import type { PerInstitutionCode } from '../../codes/per-institution-code.js';
import type { ItemCodes } from '../item-codes.js';
import { type AnsweredCode, type CodeRefusal, CodesResult, type RefusedCode } from './codes-result.js';

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

/** What became of one code in a translation (媒介). */
export type TranslationItem = TranslatedItem | NotHeldItem | RefusedCode;

/** What became of a batch of codes, in their order. Redacted in every rendering. */
export class TranslationResult extends CodesResult<TranslatedItem | NotHeldItem> {
  /** @internal */
  constructor(length: number, codes: ItemCodes, refused: ReadonlyMap<number, CodeRefusal>) {
    super(length, refused, (index) => {
      const code = codes.text(index);
      return code === undefined ? { index, status: 'not-held' } : { index, status: 'translated', code };
    });
  }
}
