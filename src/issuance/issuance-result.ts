import { Redacted } from '../bytes/redacted.js';
import type { PerInstitutionCode } from '../codes/per-institution-code.js';
import type { RenkeiErrorCode } from '../errors/codes.js';
import type { ItemCodes } from './item-codes.js';

/** What became of one request (命令85 44条). */
export type IssuanceItem = { readonly index: number; readonly acquisitionNumber: string } & (
  | { readonly status: 'issued'; readonly code: PerInstitutionCode }
  /** The institution has the person's code already; it is given again only where that was asked for. */
  | { readonly status: 'already-issued'; readonly code?: PerInstitutionCode }
  | { readonly status: 'refused'; readonly error: RenkeiErrorCode }
);

/** How many requests ended how. */
export interface IssuanceCounts {
  readonly issued: number;
  readonly alreadyIssued: number;
  readonly refused: number;
}

/**
 * What became of a batch, item by item in the order of the requests. Holds the codes packed and writes an item's
 * text when it is asked for. Redacted in every rendering.
 */
export class IssuanceResult extends Redacted implements Iterable<IssuanceItem> {
  readonly #acquisitionNumbers: readonly string[];
  readonly #codes: ItemCodes;
  readonly #alreadyIssued: Uint8Array;
  readonly #refused: ReadonlyMap<number, RenkeiErrorCode>;
  /** How many requests ended how. */
  readonly counts: IssuanceCounts;

  /** @internal */
  constructor(
    acquisitionNumbers: readonly string[],
    codes: ItemCodes,
    alreadyIssued: Uint8Array,
    refused: ReadonlyMap<number, RenkeiErrorCode>,
  ) {
    super();
    this.#acquisitionNumbers = acquisitionNumbers;
    this.#codes = codes;
    this.#alreadyIssued = alreadyIssued;
    this.#refused = refused;
    let already = 0;
    for (const flag of alreadyIssued) already += flag;
    this.counts = {
      issued: acquisitionNumbers.length - already - refused.size,
      alreadyIssued: already,
      refused: refused.size,
    };
  }

  /** Number of requests. */
  get length(): number {
    return this.#acquisitionNumbers.length;
  }

  /** What became of the request at this index; `undefined` when there is none. */
  at(index: number): IssuanceItem | undefined {
    const acquisitionNumber = this.#acquisitionNumbers[index];
    if (acquisitionNumber === undefined) return undefined;
    const error = this.#refused.get(index);
    if (error !== undefined) return { index, acquisitionNumber, status: 'refused', error };
    const code = this.#codes.text(index);
    if (this.#alreadyIssued[index] === 1) {
      const item = { index, acquisitionNumber, status: 'already-issued' } as const;
      return code === undefined ? item : { ...item, code };
    }
    return { index, acquisitionNumber, status: 'issued', code: code as PerInstitutionCode };
  }

  /** All items in the order of the requests. */
  *[Symbol.iterator](): Iterator<IssuanceItem> {
    for (let index = 0; index < this.length; index++) yield this.at(index) as IssuanceItem;
  }
}
