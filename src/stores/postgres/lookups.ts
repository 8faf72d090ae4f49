import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { unknownInstitution } from '../arguments.js';
import type { HeldRows } from '../port.js';
import type { Statement, Transaction } from './transaction.js';

/**
 * Cuts packed codes, the first parameter, into rows inside SQL: one parameter in the binary format instead of many
 * thousand, and one plan whatever their number.
 */
export const GIVEN = `(
  SELECT i, substring($1::bytea FROM i * ${CODE_LENGTH} + 1 FOR ${CODE_LENGTH}) AS code
  FROM generate_series(0, octet_length($1::bytea) / ${CODE_LENGTH} - 1) AS i
) AS given`;

/** One of the given codes. As an array, since the planner may turn a join around. */
export const ANY_GIVEN = `ANY (ARRAY(SELECT code FROM ${GIVEN}))`;

/**
 * Joins the rows of a table to each given code. `OFFSET 0` keeps the planner from turning the join around, which it does
 * with a table that is empty or was so when the statement was prepared: then it reads the whole table.
 */
export function eachIn(table: string, condition: string): string {
  return `CROSS JOIN LATERAL (SELECT * FROM ${table} WHERE ${condition} OFFSET 0) AS ${table}`;
}

const FIND_INSTITUTION: Statement = {
  name: 'find-institution',
  text: 'SELECT id FROM institution WHERE code = $1',
};
export const ANY_ALIAS: Statement = {
  name: 'any-alias',
  text: 'SELECT EXISTS (SELECT FROM person WHERE canonical IS NOT NULL) AS found',
};
export const FIND_ALIASES: Statement = {
  name: 'find-aliases',
  text: `SELECT i, canonical FROM ${GIVEN} ${eachIn('person', 'store_code = code AND canonical IS NOT NULL')}`,
};
/** Four bytes a row that is there: its number and, in the last byte, the version. Rows one by one take four times as long. */
export const FIND_VERSIONS: Statement = {
  name: 'find-versions',
  text: `SELECT coalesce(string_agg(int4send((i << 8) + key_version), ''), '') AS packed
    FROM ${GIVEN} ${eachIn('issuance', 'institution_id = $2::integer AND store_code = code')}`,
};

/** The number by which rows name an institution. */
export async function institutionId(transaction: Transaction, institution: InstitutionCode): Promise<number> {
  const [found] = await transaction.rows<{ id: number }>(FIND_INSTITUTION, institution);
  if (found === undefined) throw unknownInstitution(institution);
  return found.id;
}

/** Store codes, each replaced by the person's own. */
export interface OwnCodes {
  readonly codes: Uint8Array;
  /** By row, the own code where it is another than the given one. */
  readonly canonical: ReadonlyMap<number, Uint8Array>;
}

/** Finds the persons' own store codes. */
export async function ownCodes(transaction: Transaction, given: Uint8Array): Promise<OwnCodes> {
  // Most stores have few aliases or none, and to look for one is one step down an index that holds nothing else.
  const { found } = await transaction.row<{ found: boolean }>(ANY_ALIAS);
  if (!found) return { codes: given, canonical: new Map() };
  const aliases = await transaction.rows<{ i: number; canonical: Uint8Array }>(FIND_ALIASES, given);
  if (aliases.length === 0) return { codes: given, canonical: new Map() };
  const codes = Uint8Array.from(given);
  const canonical = new Map<number, Uint8Array>();
  for (const { i, canonical: own } of aliases.sort((a, b) => a.i - b.i)) {
    codes.set(own, i * CODE_LENGTH);
    canonical.set(i, own);
  }
  return { codes, canonical };
}

/** One byte a code, which is a person's own: the version under which the institution holds one, else 0. */
export async function heldVersions(
  transaction: Transaction,
  id: number,
  codes: Uint8Array,
): Promise<Uint8Array> {
  const { packed } = await transaction.row<{ packed: Uint8Array }>(FIND_VERSIONS, codes, id);
  const rows = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const versions = new Uint8Array(codes.length / CODE_LENGTH);
  for (let offset = 0; offset < rows.byteLength; offset += 4) {
    const row = rows.getUint32(offset);
    versions[row >>> 8] = row & 0xff;
  }
  return versions;
}

/** What an institution holds of codes. */
export async function lookUp(
  transaction: Transaction,
  institution: InstitutionCode,
  storeCodes: Uint8Array,
): Promise<HeldRows> {
  const id = await institutionId(transaction, institution);
  const { codes, canonical } = await ownCodes(transaction, storeCodes);
  return { versions: await heldVersions(transaction, id, codes), canonical };
}
