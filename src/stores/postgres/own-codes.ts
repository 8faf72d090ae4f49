import { copyOf } from '../../bytes/packed.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { eachIn, GIVEN } from './given.js';
import type { Statement, Transaction } from './transaction.js';

export const ANY_ALIAS: Statement = {
  name: 'any-alias',
  text: 'SELECT EXISTS (SELECT FROM person WHERE canonical IS NOT NULL) AS found',
};
export const FIND_ALIASES: Statement = {
  name: 'find-aliases',
  text: `SELECT i, canonical FROM ${GIVEN} ${eachIn('person', 'store_code = code AND canonical IS NOT NULL')}`,
};
/** Row number and code, 28 bytes a row. */
const PREDECESSORS: Statement = {
  name: 'predecessors',
  text: `SELECT coalesce(string_agg(int4send(i) || old_code, ''), '') AS packed
    FROM ${GIVEN} ${eachIn('succession', 'new_code = code')}`,
};
const SUCCESSORS: Statement = {
  name: 'successors',
  text: `SELECT coalesce(string_agg(int4send(i) || new_code, ''), '') AS packed
    FROM ${GIVEN} ${eachIn('succession', 'old_code = code')}`,
};

/** Store codes, each replaced by the person's own: the one that the person's rows stand under. */
export interface OwnCodes {
  readonly codes: Uint8Array;
  /** By row, the person's own code under the active store key where it is another than the given one. */
  readonly canonical: ReadonlyMap<number, Uint8Array>;
  /** Rows whose code is of a changed resident record code. */
  readonly aliases: ReadonlySet<number>;
}

/** Finds the persons' own store codes. */
export async function ownCodes(transaction: Transaction, given: Uint8Array): Promise<OwnCodes> {
  const { succession, isSucceeded } = transaction.situation;
  const rowsUnder = await rowCodes(transaction, given);
  const aliases = await findAliases(transaction, rowsUnder);
  if (aliases.size === 0 && succession === undefined) {
    return { codes: given, canonical: new Map(), aliases: new Set() };
  }
  const codes = withRows(rowsUnder, aliases);
  const active = isSucceeded ? withRows(codes, await successorsOf(transaction, codes)) : codes;
  return { codes, canonical: differences(given, active), aliases: new Set(aliases.keys()) };
}

/**
 * The codes that the rows of given codes stand under: a code under the new store key is replaced by that under the
 * old one.
 */
export async function rowCodes(transaction: Transaction, given: Uint8Array): Promise<Uint8Array> {
  if (transaction.situation.succession === undefined) return given;
  return withRows(given, await predecessorsOf(transaction, given));
}

/** By row, the code under the old store key, where there is one. */
export function predecessorsOf(
  transaction: Transaction,
  codes: Uint8Array,
): Promise<Map<number, Uint8Array>> {
  return numberedCodes(transaction, PREDECESSORS, codes);
}

/** By row, the code under the new store key, where there is one. */
export function successorsOf(transaction: Transaction, codes: Uint8Array): Promise<Map<number, Uint8Array>> {
  return numberedCodes(transaction, SUCCESSORS, codes);
}

/** By row of an alias, the person's own code; ascending. */
export async function findAliases(
  transaction: Transaction,
  codes: Uint8Array,
): Promise<Map<number, Uint8Array>> {
  // Most stores have few aliases or none, and to look for one is one step down an index that holds nothing else.
  const { found } = await transaction.row<{ found: boolean }>(ANY_ALIAS);
  if (!found) return new Map();
  const rows = await transaction.rows<{ i: number; canonical: Uint8Array }>(FIND_ALIASES, codes);
  return new Map(rows.sort((a, b) => a.i - b.i).map(({ i, canonical }) => [i, canonical]));
}

async function numberedCodes(
  transaction: Transaction,
  statement: Statement,
  codes: Uint8Array,
): Promise<Map<number, Uint8Array>> {
  const { packed } = await transaction.row<{ packed: Uint8Array }>(statement, codes);
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const found = new Map<number, Uint8Array>();
  for (let offset = 0; offset < packed.length; offset += 4 + CODE_LENGTH) {
    found.set(view.getUint32(offset), packed.slice(offset + 4, offset + 4 + CODE_LENGTH));
  }
  return found;
}

/** Packed codes with other ones in some rows. */
export function withRows(codes: Uint8Array, rows: ReadonlyMap<number, Uint8Array>): Uint8Array {
  if (rows.size === 0) return codes;
  const replaced = copyOf(codes);
  for (const [k, code] of rows) replaced.set(code, k * CODE_LENGTH);
  return replaced;
}

/** By row, the second of two codes where it differs from the first. */
function differences(given: Uint8Array, others: Uint8Array): Map<number, Uint8Array> {
  const differing = new Map<number, Uint8Array>();
  if (given === others) return differing;
  const [left, right] = [given, others].map((codes) =>
    Buffer.from(codes.buffer, codes.byteOffset, codes.byteLength),
  ) as [Buffer, Buffer];
  for (let start = 0; start < given.length; start += CODE_LENGTH) {
    if (left.compare(right, start, start + CODE_LENGTH, start, start + CODE_LENGTH) === 0) continue;
    differing.set(start / CODE_LENGTH, others.slice(start, start + CODE_LENGTH));
  }
  return differing;
}
