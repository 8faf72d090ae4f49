import { codeAt, packCodes } from '../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { DistinctCodes } from './distinct-codes.js';
import { ANY_GIVEN, eachIn, GIVEN } from './given.js';
import { forgetAhead } from './life-of-person.js';
import { findAliases, successorsOf, withRows } from './own-codes.js';
import { forgetSuccessors, nextSuccession } from './succession.js';
import type { Statement, Transaction } from './transaction.js';

/** The row of a code in another packed parameter that belongs to a given one. */
const nth = (parameter: number) =>
  `substring($${parameter}::bytea FROM i * ${CODE_LENGTH} + 1 FOR ${CODE_LENGTH})`;

/** Each alias of the given persons: its code, its person, and if it is under the new store key already. */
const ALIASES: Statement = {
  name: 'aliases-to-move',
  text: `SELECT store_code AS code, canonical AS own, EXISTS (SELECT FROM ahead WHERE ahead.store_code = found.store_code)
      AS "isAhead"
    FROM (SELECT store_code, canonical FROM ${GIVEN} ${eachIn('person', 'canonical = code')}) AS found`,
};
const INSERT_MOVED: Statement = {
  name: 'insert-moved-persons',
  text: `INSERT INTO person (store_code, canonical, generation, created_at)
    SELECT ${nth(2)}, CASE WHEN canonical IS NOT NULL THEN ${nth(3)} END, $4::smallint, created_at
    FROM ${GIVEN} ${eachIn('person', 'store_code = code')}`,
};
const INSERT_MOVED_ISSUANCES: Statement = {
  name: 'insert-moved-issuances',
  text: `INSERT INTO issuance (store_code, institution_id, key_version, issued_at)
    SELECT ${nth(2)}, institution_id, key_version, issued_at FROM ${GIVEN} CROSS JOIN institution
    ${eachIn('issuance', 'institution_id = institution.id AND store_code = given.code')}`,
};
const DELETE_MOVED: Statement = {
  name: 'delete-moved-persons',
  text: `DELETE FROM person WHERE store_code = ${ANY_GIVEN}`,
};
const DELETE_MOVED_ISSUANCES: Statement = {
  name: 'delete-moved-issuances',
  text: `DELETE FROM issuance
    WHERE institution_id = ANY (ARRAY(SELECT id FROM institution)) AND store_code = ${ANY_GIVEN}`,
};
/** The persons these aliases lead to are about to go under their successors. */
const REPOINT: Statement = {
  name: 'repoint-aliases',
  text: `UPDATE person SET canonical = (SELECT new_code FROM succession WHERE old_code = canonical)
    WHERE store_code = ${ANY_GIVEN}`,
};

interface Alias {
  readonly code: Uint8Array;
  readonly own: Uint8Array;
  readonly isAhead: boolean;
}

/**
 * Re-keys the rows of the next people in place, in a transaction that is alone: each person with all aliases and
 * issuances. Gives the number of store codes replaced.
 */
export async function moveRows(transaction: Transaction, limit: number): Promise<number> {
  const { succession } = transaction.situation;
  if (succession?.status !== 'retiring') return 0;
  const next = await nextSuccession(transaction, limit);
  if (next.length === 0) return 0;
  const { generation } = succession.successor;
  const people = new DistinctCodes(withRows(next, await findAliases(transaction, next))).codes;
  const aliases = await transaction.rows<Alias>(ALIASES, people);
  const codes = packCodes([...rowsOf(people), ...aliases.map(({ code }) => code)]);
  const own = packCodes([...rowsOf(people), ...aliases.map((alias) => alias.own)]);
  const successors = await successorsOf(transaction, codes);
  const ownSuccessors = await successorsOf(transaction, own);
  const moving = [...successors.keys()];
  const among = (packed: Uint8Array, rows: readonly number[]) =>
    packCodes(rows.map((k) => codeAt(packed, k)));
  const from = among(codes, moving);
  const to = among(withRows(codes, successors), moving);
  const leadTo = among(withRows(own, ownSuccessors), moving);
  const staying = aliases.flatMap((alias, k) => {
    const row = people.length / CODE_LENGTH + k;
    return successors.has(row) || !ownSuccessors.has(row) ? [] : [alias];
  });
  const dropped = staying.filter(({ isAhead }) => !isAhead);
  const kept = packCodes(staying.filter(({ isAhead }) => isAhead).map(({ code }) => code));
  if (kept.length > 0) await transaction.write(REPOINT, kept);
  await forgetAhead(transaction, kept);
  await transaction.write(INSERT_MOVED, from, to, leadTo, generation);
  await transaction.write(INSERT_MOVED_ISSUANCES, from, to);
  await transaction.write(DELETE_MOVED_ISSUANCES, from);
  await transaction.write(DELETE_MOVED, packCodes([...rowsOf(from), ...dropped.map(({ code }) => code)]));
  // A successor of nobody goes too: nothing would ever be moved to it.
  return forgetSuccessors(transaction, packCodes([...rowsOf(next), ...rowsOf(codes)]));
}

function rowsOf(packed: Uint8Array): Uint8Array[] {
  return Array.from({ length: packed.length / CODE_LENGTH }, (_, k) => codeAt(packed, k));
}
