import { packCodes, pickCodes, rowsWithout } from '../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { Successors } from '../port.js';
import type { NewRotation, NotedRow } from '../rotation-port.js';
import { ANY_GIVEN, GIVEN } from './given.js';
import { heldVersions, institutionId, knownRows } from './lookups.js';
import { successorsOf } from './own-codes.js';
import { recordSuccessors } from './succession.js';
import type { Statement, Transaction } from './transaction.js';

const NOTE: Statement = {
  name: 'note',
  text: `INSERT INTO noted (institution_id, store_code) SELECT $2::integer, code FROM ${GIVEN}`,
};
const NOTE_EARLY: Statement = { name: 'note-early', text: `${NOTE.text} RETURNING note` };
const NOTED: Statement = {
  name: 'noted',
  text: `SELECT note, institution.code AS institution, store_code AS "storeCode"
    FROM (SELECT note, institution_id, store_code FROM noted ORDER BY note LIMIT $1::integer) AS oldest
    LEFT JOIN institution ON institution.id = institution_id ORDER BY note`,
};
const NOTED_OF: Statement = {
  name: 'noted-of',
  text: `SELECT note, $2::text AS institution, store_code AS "storeCode" FROM noted
    WHERE institution_id = (SELECT id FROM institution WHERE code = $2::text) ORDER BY note LIMIT $1::integer`,
};
const FORGET_NOTES: Statement = {
  name: 'forget-notes',
  text: `DELETE FROM noted WHERE store_code = ${ANY_GIVEN}`,
};
const SETTLE: Statement = {
  name: 'settle-notes',
  text: 'DELETE FROM noted WHERE note = ANY ($1::bigint[])',
};

/** A condition on notes: those that some rotations want, by three parameters from a number on. */
const wantedFrom = (first: number) => `($${first}::integer = 1 OR CASE
    WHEN institution_id IS NULL THEN $${first + 1}::integer = 1
    ELSE institution_id = ANY (ARRAY(SELECT id FROM institution WHERE code = ANY ($${first + 2}::text[]))) END)`;
const ANY_WANTED: Statement = {
  name: 'any-wanted',
  text: `SELECT EXISTS (SELECT FROM noted WHERE ${wantedFrom(1)}) AS found`,
};
const FORGET_WANTED: Statement = {
  name: 'forget-wanted',
  text: `DELETE FROM noted WHERE ${wantedFrom(1)} AND NOT ${wantedFrom(4)}`,
};

type Notes = NewRotation['notes'];

/**
 * Records the successors that came with a batch, where a rotation leads to their store key.
 *
 * @param storeCodes codes on record
 * @param rows the rows of the batch that they are; default all
 */
export async function takeSuccessors(
  transaction: Transaction,
  storeCodes: Uint8Array,
  successors: Successors | undefined,
  rows?: readonly number[],
): Promise<void> {
  const leadsTo = transaction.situation.outlook.successor?.storeKeyVersion;
  if (successors === undefined || successors.storeKeyVersion !== leadsTo) return;
  const [oldCodes, newCodes] =
    rows === undefined
      ? [storeCodes, successors.codes]
      : [pickCodes(storeCodes, rows), pickCodes(successors.codes, rows)];
  if (oldCodes.length > 0) await recordSuccessors(transaction, { oldCodes, newCodes });
}

/** Notes people who are new and new aliases, where that is wanted, but for those whose successor is recorded. */
export async function notePersons(transaction: Transaction, storeCodes: Uint8Array): Promise<void> {
  const { notesPersons, succession } = transaction.situation;
  if (!notesPersons || storeCodes.length === 0) return;
  const recorded = succession === undefined ? new Map() : await successorsOf(transaction, storeCodes);
  const left = rowsWithout(storeCodes.length / CODE_LENGTH, recorded);
  await note(transaction, pickCodes(storeCodes, left), null);
}

/** Notes new issuances of an institution, where that is wanted. */
export async function noteIssuances(
  transaction: Transaction,
  institution: { readonly code: InstitutionCode; readonly id: number },
  storeCodes: Uint8Array,
): Promise<void> {
  if (!transaction.situation.notesIssuancesOf(institution.code)) return;
  await note(transaction, storeCodes, institution.id);
}

/** Rows that a batch is about to insert, and the notes of them. */
export interface EarlyNotes {
  readonly institution: { readonly code: InstitutionCode; readonly id: number };
  readonly issuances: Uint8Array;
  readonly persons: Uint8Array;
  /** Notes of a try before this one, which is undone: they go, and those of this one are put in their place. */
  readonly notes: number[];
}

/**
 * Notes rows before they are sent to other servers, and commits the notes first: no row comes to a server before its
 * note is there. Notes of rows that never came are dropped by {@link noted}, which cannot know of a server that is
 * still committing for a session of the coordinator that died.
 */
export async function noteEarly(
  transaction: Transaction,
  { institution, issuances, persons, notes }: EarlyNotes,
): Promise<void> {
  const { situation } = transaction;
  const wanted: readonly (readonly [Uint8Array, number | null])[] = [
    [situation.notesPersons ? persons : new Uint8Array(0), null],
    [situation.notesIssuancesOf(institution.code) ? issuances : new Uint8Array(0), institution.id],
  ];
  const made: number[] = [];
  for (const [storeCodes, id] of wanted) {
    if (storeCodes.length === 0) continue;
    const rows = await transaction.rows<{ note: number }>(NOTE_EARLY, storeCodes, id);
    for (const row of rows) made.push(row.note);
  }
  await settleNotes(transaction, notes);
  notes.splice(0, notes.length, ...made);
  if (made.length > 0) await transaction.commitSoFar();
}

async function note(transaction: Transaction, storeCodes: Uint8Array, id: number | null): Promise<void> {
  if (storeCodes.length > 0) await transaction.write(NOTE, storeCodes, id);
}

/**
 * Notes that are not settled, the oldest first. Where notes come before their rows, in a transaction that is alone: no
 * batch is under way, so a note without a row is of one that did not come to its end.
 */
export async function noted(
  transaction: Transaction,
  limit: number,
  institution: InstitutionCode | undefined,
): Promise<NotedRow[]> {
  for (;;) {
    const rows = await readNotes(transaction, limit, institution);
    if (!transaction.isSpread) return rows;
    const without = await notesWithoutRow(transaction, rows);
    if (without.length === 0) return rows;
    await settleNotes(transaction, without);
  }
}

async function notesWithoutRow(transaction: Transaction, rows: readonly NotedRow[]): Promise<number[]> {
  const without: number[] = [];
  for (const institution of new Set(rows.map((row) => row.institution))) {
    const notes = rows.filter((row) => row.institution === institution);
    const codes = packCodes(notes.map(({ storeCode }) => storeCode));
    const known =
      institution === undefined
        ? await knownRows(transaction, codes)
        : await heldRows(transaction, institution, codes);
    for (const k of rowsWithout(notes.length, known)) without.push((notes[k] as NotedRow).note);
  }
  return without;
}

async function heldRows(transaction: Transaction, institution: InstitutionCode, codes: Uint8Array) {
  const versions = await heldVersions(transaction, await institutionId(transaction, institution), codes);
  return { has: (k: number) => versions[k] !== 0 };
}

async function readNotes(
  transaction: Transaction,
  limit: number,
  institution: InstitutionCode | undefined,
): Promise<NotedRow[]> {
  interface Row extends Omit<NotedRow, 'institution'> {
    readonly institution: InstitutionCode | null;
  }
  const rows =
    institution === undefined
      ? await transaction.rows<Row>(NOTED, limit)
      : await transaction.rows<Row>(NOTED_OF, limit, institution);
  return rows.map(({ note: number, institution: of, storeCode }) => ({
    note: number,
    storeCode,
    ...(of === null ? {} : { institution: of }),
  }));
}

/** Forgets notes by number. */
export async function settleNotes(transaction: Transaction, notes: readonly number[]): Promise<void> {
  if (notes.length > 0) await transaction.write(SETTLE, `{${notes.join(',')}}`);
}

/** Forgets the notes of rows that are deleted. */
export async function forgetNotesOf(transaction: Transaction, storeCodes: Uint8Array): Promise<void> {
  await transaction.write(FORGET_NOTES, storeCodes);
}

/** True when a row is noted that a rotation wants. */
export async function anyNoted(transaction: Transaction, notes: Notes): Promise<boolean> {
  return (await transaction.row<{ found: boolean }>(ANY_WANTED, ...wanted([notes]))).found;
}

/** Forgets what a rotation wanted noted and no other one does. */
export async function forgetNotes(
  transaction: Transaction,
  notes: Notes,
  others: readonly Notes[],
): Promise<void> {
  await transaction.write(FORGET_WANTED, ...wanted([notes]), ...wanted(others));
}

function wanted(all: readonly Notes[]): readonly [number, number, string] {
  const institutions = all
    .filter((notes): notes is readonly InstitutionCode[] => Array.isArray(notes))
    .flat();
  return [Number(all.includes('everything')), Number(all.includes('persons')), `{${institutions.join(',')}}`];
}
