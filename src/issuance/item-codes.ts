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

  private constructor(codes: Uint8Array, versions: Uint8Array) {
    this.#codes = codes;
    this.#versions = versions;
  }

  /** Codes, and the version of each. Both buffers are taken over. */
  static of(codes: Uint8Array, versions: Uint8Array): ItemCodes {
    return new ItemCodes(codes, versions);
  }

  /** No item has a code yet. */
  static none(rows: number): ItemCodes {
    return new ItemCodes(new Uint8Array(rows * CODE_LENGTH), new Uint8Array(rows));
  }

  /** Every item has its code, of one version. The buffer is taken over. */
  static all(codes: Uint8Array, version: number): ItemCodes {
    return new ItemCodes(codes, new Uint8Array(codes.length / CODE_LENGTH).fill(version));
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
