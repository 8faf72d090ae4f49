import { codeAt, packCodes, pickCodes } from '../../codes/packed-codes.js';
import { codeOfText, codeTexts } from '../code-texts.js';
import type { ChangeBatch, RemovedIssuance, RemovedPerson, WriteOutcome } from '../port.js';
import { DistinctCodes } from './distinct-codes.js';
import { ANY_GIVEN, eachIn, GIVEN } from './given.js';
import { forgetNotesOf, notePersons, takeSuccessors } from './noting.js';
import { ownCodes, rowCodes, successorsOf } from './own-codes.js';
import { forgetSuccessors } from './succession.js';
import type { Statement, Transaction } from './transaction.js';

export const FIND_PERSONS: Statement = {
  name: 'find-persons',
  text: `SELECT i, canonical FROM ${GIVEN} ${eachIn('person', 'store_code = code')}`,
};
export const INSERT_PERSONS: Statement = {
  name: 'insert-persons',
  text: `INSERT INTO person (store_code, generation, created_at)
    SELECT code, $2::smallint, $3::bigint FROM ${GIVEN}`,
};
export const INSERT_ALIASES: Statement = {
  name: 'insert-aliases',
  text: `INSERT INTO person (store_code, canonical, generation, created_at)
    SELECT code, substring($4::bytea FROM i * 24 + 1 FOR 24), $2::smallint, $3::bigint FROM ${GIVEN}`,
};
export const ALIASES_OF: Statement = {
  name: 'aliases-of',
  text: `SELECT i, count(*) AS aliases FROM ${GIVEN} ${eachIn('person', 'canonical = code')} GROUP BY i`,
};
export const ISSUANCES_OF: Statement = {
  name: 'issuances-of',
  text: `SELECT i, institution.id, institution.code AS institution, key_version AS "keyVersion", issued_at AS "issuedAt"
    FROM ${GIVEN} CROSS JOIN institution
    ${eachIn('issuance', 'institution_id = institution.id AND store_code = given.code')}`,
};
const INSERT_AHEAD: Statement = {
  name: 'insert-ahead',
  text: `INSERT INTO ahead (store_code) SELECT code FROM ${GIVEN}`,
};
const FORGET_AHEAD: Statement = {
  name: 'forget-ahead',
  text: `DELETE FROM ahead WHERE store_code = ${ANY_GIVEN}`,
};
const ALIAS_CODES: Statement = {
  name: 'alias-codes',
  text: `SELECT coalesce(string_agg(store_code, ''), '') AS packed FROM person WHERE canonical = ${ANY_GIVEN}`,
};
export const DELETE_ALIASES: Statement = {
  name: 'delete-aliases',
  text: `DELETE FROM person WHERE canonical = ${ANY_GIVEN}`,
};
export const DELETE_PERSONS: Statement = {
  name: 'delete-persons',
  text: `DELETE FROM person WHERE store_code = ${ANY_GIVEN}`,
};
export const DELETE_ISSUANCES: Statement = {
  name: 'delete-issuances',
  text: `DELETE FROM issuance WHERE institution_id = $2::integer AND store_code = ${ANY_GIVEN}`,
};

/** Records changes of resident record codes, in a transaction that is alone: what it has read stays so. */
export async function change(transaction: Transaction, batch: ChangeBatch): Promise<WriteOutcome[]> {
  const { generation, changedAt, successors } = batch;
  const oldCodes = codeTexts(await rowCodes(transaction, batch.oldCodes));
  const newCodes = codeTexts(await rowCodes(transaction, batch.newCodes));
  const own = await ownTexts(transaction, [...oldCodes, ...newCodes]);
  const ownOf = (code: string) => own.get(code) ?? code;
  const persons = new Set<string>();
  const aliases = new Map<string, string>();
  const outcomes = oldCodes.map((oldCode, k): WriteOutcome => {
    const newCode = newCodes[k] as string;
    const person = ownOf(oldCode);
    if (ownOf(newCode) === person) return 'existed';
    if (own.has(newCode)) return 'conflict';
    if (!own.has(person)) {
      own.set(person, person);
      persons.add(person);
    }
    own.set(newCode, person);
    aliases.set(newCode, person);
    return 'inserted';
  });
  if (persons.size > 0) {
    const { codes } = new DistinctCodes(codeOfText([...persons].join('')));
    await transaction.write(INSERT_PERSONS, codes, generation, changedAt);
  }
  if (aliases.size > 0) {
    const codes = codeOfText([...aliases.keys()].join(''));
    const leadTo = codeOfText([...aliases.values()].join(''));
    await transaction.write(INSERT_ALIASES, codes, generation, changedAt, leadTo);
    await noteAhead(transaction, codes, leadTo);
  }
  const taken = outcomes.flatMap((outcome, k) => (outcome === 'conflict' ? [] : [k]));
  await takeSuccessors(transaction, batch.newCodes, successors, taken);
  await notePersons(transaction, codeOfText([...persons, ...aliases.keys()].join('')));
  return outcomes;
}

/**
 * After a switch, aliases are under the new store key, whatever their person's rows are under: these stay when rows
 * are moved.
 */
async function noteAhead(transaction: Transaction, aliases: Uint8Array, own: Uint8Array): Promise<void> {
  if (!transaction.situation.isSucceeded) return;
  const ahead = [...(await successorsOf(transaction, own)).keys()];
  if (ahead.length > 0) await transaction.write(INSERT_AHEAD, pickCodes(aliases, ahead));
}

/** Forgets that aliases were under the new store key before their person: they are moved, or deleted. */
export async function forgetAhead(transaction: Transaction, aliases: Uint8Array): Promise<void> {
  if (aliases.length > 0) await transaction.write(FORGET_AHEAD, aliases);
}

/** The own code of everybody who is known, by every code that was given and by itself. */
async function ownTexts(transaction: Transaction, codes: readonly string[]): Promise<Map<string, string>> {
  const packed = codeOfText(codes.join(''));
  const rows = await transaction.rows<{ i: number; canonical: Uint8Array | null }>(FIND_PERSONS, packed);
  const own = new Map<string, string>();
  for (const { i, canonical } of rows) {
    const code = codes[i] as string;
    const person = canonical === null ? code : (codeTexts(canonical)[0] as string);
    // The person's own code need not be among the given ones.
    own.set(code, person).set(person, person);
  }
  return own;
}

/** Forgets what rotations know of people. */
async function forget(transaction: Transaction, ownCodesOfPeople: Uint8Array): Promise<void> {
  const { packed } = await transaction.row<{ packed: Uint8Array }>(ALIAS_CODES, ownCodesOfPeople);
  const all = Buffer.concat([ownCodesOfPeople, packed]);
  await forgetNotesOf(transaction, all);
  await forgetSuccessors(transaction, all);
  await forgetAhead(transaction, packed);
}

interface IssuanceRow extends RemovedIssuance {
  readonly i: number;
  /** Number of the institution. */
  readonly id: number;
}

/** Deletes people for good, in a transaction that is alone: what it has read stays so. */
export async function remove(transaction: Transaction, storeCodes: Uint8Array): Promise<RemovedPerson[]> {
  const { codes } = await ownCodes(transaction, storeCodes);
  const distinct = new DistinctCodes(codes);
  const issuances = Array.from({ length: distinct.size }, (): RemovedIssuance[] => []);
  const removed = new Uint32Array(distinct.size);
  const given = distinct.codes;
  for (const { i } of await transaction.rows<{ i: number }>(FIND_PERSONS, given)) removed[i] = 1;
  for (const { i, aliases } of await transaction.rows<{ i: number; aliases: number }>(ALIASES_OF, given)) {
    removed[i] = (removed[i] as number) + aliases;
  }
  if (transaction.situation.isOpen) await forget(transaction, given);
  const holders = new Map<number, number[]>();
  for (const { i, id, ...issuance } of await transaction.rows<IssuanceRow>(ISSUANCES_OF, given)) {
    issuances[i]?.push(issuance);
    const rows = holders.get(id);
    if (rows === undefined) holders.set(id, [i]);
    else rows.push(i);
  }
  for (const [id, rows] of holders)
    await transaction.write(DELETE_ISSUANCES, packCodes(rows.map((i) => codeAt(given, i))), id);
  for (const statement of [DELETE_ALIASES, DELETE_PERSONS]) await transaction.write(statement, given);
  for (const rows of issuances) rows.sort((a, b) => (a.institution < b.institution ? -1 : 1));
  return Array.from(distinct.places, (place, row) =>
    distinct.firstRows[place] === row
      ? { storeCodes: removed[place] as number, issuances: issuances[place] as RemovedIssuance[] }
      : { storeCodes: 0, issuances: [] },
  );
}
