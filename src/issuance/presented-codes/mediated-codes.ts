import { codeAt } from '../../codes/packed-codes.js';
import type { PerInstitutionCode } from '../../codes/per-institution-code.js';
import type { ItemCodes } from '../item-codes.js';
import { type AnsweredCode, type CodeRefusal, CodesResult, type RefusedCode } from './codes-result.js';

/** The code leads to a person. */
export interface OpenedCode extends AnsweredCode {
  /** Tells the outcomes apart. */
  readonly status: 'opened';
  /** 情報提供等記録用符号 of the person, 24 bytes. It stays inside the system: there is no external form. */
  readonly recordCode: Uint8Array;
  /**
   * The provider's 情報提供用個人識別符号 of the person (令26条1項); undefined where it holds none (同条2項), and where no
   * provider was named.
   */
  readonly code?: PerInstitutionCode;
}

/** What became of one code of a request. */
export type MediatedItem = OpenedCode | RefusedCode;

/** What a mediator needs to know of an inquirer's codes, in their order. Redacted in every rendering. */
export class MediatedCodes extends CodesResult<OpenedCode> {
  /** Generation of the linkage codes that the record codes carry. */
  readonly generation: number;

  /**
   * @param recordCodes one for each of `rows`, packed
   * @param rows the codes that were opened
   * @internal
   */
  constructor(
    generation: number,
    recordCodes: Uint8Array,
    rows: readonly number[],
    codes: ItemCodes,
    refused: ReadonlyMap<number, CodeRefusal>,
  ) {
    const places = new Map(rows.map((index, place) => [index, place]));
    super(rows.length + refused.size, refused, (index) => {
      const recordCode = codeAt(recordCodes, places.get(index) as number);
      const code = codes.text(index);
      return { index, status: 'opened', recordCode, ...(code === undefined ? {} : { code }) };
    });
    this.generation = generation;
  }
}
