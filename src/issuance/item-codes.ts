import { row } from '../bytes/packed.js';
import {
  CODE_LENGTH,
  formatPerInstitutionCode,
  type PerInstitutionCode,
} from '../codes/per-institution-code.js';

/**
 * Codes of one institution, one row an item, each with the version of the key it is made under (0: no code).
 */
export class ItemCodes {
  readonly #codes: Uint8Array;
  readonly #versions: Uint8Array;

  constructor(rows: number) {
    this.#codes = new Uint8Array(rows * CODE_LENGTH);
    this.#versions = new Uint8Array(rows);
  }

  set(index: number, code: Uint8Array, version: number): void {
    this.#codes.set(code, index * CODE_LENGTH);
    this.#versions[index] = version;
  }

  /** The code in its external form. */
  text(index: number): PerInstitutionCode | undefined {
    const version = this.#versions[index] ?? 0;
    return version === 0
      ? undefined
      : formatPerInstitutionCode(row(this.#codes, CODE_LENGTH, index), version);
  }
}
