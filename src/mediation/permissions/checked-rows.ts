import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { OptionRule } from '../../errors/options.js';
import { canonicalJson } from '../../signatures/canonical-json.js';

/** Rows that a reader found right, with what names them. */
export interface CheckedRows<Row> {
  /** The rows, in the order of the file. */
  readonly rows: readonly Row[];
  /** SHA-256 of the canonical JSON of all that was read, 64 lower-case hex digits. */
  readonly digest: string;
}

/** What readers made, and which: nothing is decided by rows that were not checked. */
const readers = new WeakMap<object, string>();

/** What a reader gives out: frozen, with its digest, and known as the reader's. */
export function sealRows<T extends { readonly rows: readonly object[] }>(
  reader: string,
  content: T,
): T & { readonly digest: string } {
  const digest = bytesToHex(sha256(Buffer.from(canonicalJson(content))));
  for (const row of content.rows) {
    for (const cell of Object.values(row)) Object.freeze(cell);
    Object.freeze(row);
  }
  Object.freeze(content.rows);
  const sealed = Object.freeze({ ...content, digest });
  readers.set(sealed, reader);
  return sealed;
}

/** The rule for what a reader gave out. */
export function madeBy(reader: string): OptionRule {
  return {
    expects: `what ${reader} read`,
    check: (value) => typeof value === 'object' && value !== null && readers.get(value) === reader,
  };
}
