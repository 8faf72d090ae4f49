import { row } from '../bytes/packed.js';
import {
  CODE_LENGTH,
  formatPerInstitutionCode,
  type PerInstitutionCode,
} from '../codes/per-institution-code.js';

/** Codes of one institution under one version of its key, one row an item; some items have none. */
export class ItemCodes {
  readonly #codes: Uint8Array;
  readonly #version: number;
  /** One byte a row: 1 where there is a code. */
  readonly #present: Uint8Array;

  private constructor(codes: Uint8Array, version: number, present: Uint8Array) {
    this.#codes = codes;
    this.#version = version;
    this.#present = present;
  }

  /** Codes, and which of them count. Both buffers are taken over. */
  static of(codes: Uint8Array, version: number, present: Uint8Array): ItemCodes {
    return new ItemCodes(codes, version, present);
  }

  /** No item has a code yet. */
  static none(rows: number, version: number): ItemCodes {
    return new ItemCodes(new Uint8Array(rows * CODE_LENGTH), version, new Uint8Array(rows));
  }

  /** Every item has its code. The buffer is taken over. */
  static all(codes: Uint8Array, version: number): ItemCodes {
    return new ItemCodes(codes, version, new Uint8Array(codes.length / CODE_LENGTH).fill(1));
  }

  set(index: number, code: Uint8Array): void {
    this.#codes.set(code, index * CODE_LENGTH);
    this.#present[index] = 1;
  }

  /** The code in its external form. */
  text(index: number): PerInstitutionCode | undefined {
    return this.#present[index] === 1
      ? formatPerInstitutionCode(row(this.#codes, CODE_LENGTH, index), this.#version)
      : undefined;
  }
}
