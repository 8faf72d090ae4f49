import { afterTransitions, areInTheirStates } from '../key-states.js';
import type { WriteOutcome } from '../port.js';
import { excludes } from '../rotation-arguments.js';
import type { NewRotation, RotationMove, RotationRecord, RotationStatus } from '../rotation-port.js';
import { listKeys, moveKeys } from './keys.js';
import { anyNoted, forgetNotes } from './noting.js';
import { anyOpenPart, forgetParts, makeParts } from './rotation-parts.js';
import { anySuccessor } from './succession.js';
import type { Statement, Transaction } from './transaction.js';

const SUBJECTS: Statement = {
  name: 'rotation-subjects',
  text: 'SELECT id, kind, subject, status FROM rotation ORDER BY id',
};
const INSERT: Statement = {
  name: 'insert-rotation',
  text: `INSERT INTO rotation (id, kind, subject, notes, generation, store_key_version, parts, plan, created_at,
      changed_at, status, notebook)
    SELECT $1::integer, $2::text, $3::text, $4::text, $5::smallint, $6::smallint, $7::integer, $8::text, $9::bigint,
      $9::bigint, 'running', ''`,
};
const ROTATIONS: Statement = {
  name: 'rotations',
  text: `SELECT id, kind, subject, status, generation, store_key_version AS "storeKeyVersion", parts, plan, notebook,
      created_at AS "createdAt", changed_at AS "changedAt"
    FROM rotation ORDER BY id`,
};
/** A notebook may be large: it is compared where it is. */
const FIND: Statement = {
  name: 'find-rotation',
  text: `SELECT status, notes, coalesce(notebook = $2::text, true) AS "isWritten" FROM rotation WHERE id = $1::integer`,
};
const MOVE: Statement = {
  name: 'move-rotation',
  text: `UPDATE rotation SET status = $2::text, notebook = coalesce($3::text, notebook),
      changed_at = CASE WHEN status = $2::text THEN changed_at ELSE $4::bigint END
    WHERE id = $1::integer`,
};
const NEW_EPOCH: Statement = {
  name: 'new-epoch',
  text: 'UPDATE rotation_state SET epoch = epoch + 1, hold_until = 0',
};
const HOLD: Statement = { name: 'hold', text: 'UPDATE rotation_state SET hold_until = $1::bigint' };
const START_ANEW: Statement = { name: 'start-anew', text: `UPDATE rotation_state SET reached = ''` };

/**
 * Begins a rotation, in a transaction that is alone: whoever was writing has ended, and whoever writes after it sees
 * what is to be noted.
 */
export async function beginRotation(
  transaction: Transaction,
  { kind, subject, notes, successor, parts, plan, createdAt }: NewRotation,
): Promise<number | undefined> {
  const there = await transaction.rows<Pick<RotationRecord, 'id' | 'kind' | 'subject' | 'status'>>(SUBJECTS);
  if (there.some((one) => excludes(one, subject))) return undefined;
  const id = (there.at(-1)?.id ?? 0) + 1;
  const leadsTo = [successor?.generation ?? null, successor?.storeKeyVersion ?? null];
  await transaction.write(
    INSERT,
    ...[id, kind, subject, JSON.stringify(notes), ...leadsTo, parts, plan, createdAt],
  );
  await makeParts(transaction, id, parts);
  if (successor !== undefined) await transaction.write(START_ANEW);
  return id;
}

/** All rotations on record. */
export async function rotations(transaction: Transaction): Promise<RotationRecord[]> {
  type Row = RotationRecord & { readonly generation: number | null; readonly storeKeyVersion: number | null };
  const rows = await transaction.rows<Row>(ROTATIONS);
  return rows.map(({ generation, storeKeyVersion, ...rotation }) => ({
    ...rotation,
    ...(generation === null || storeKeyVersion === null
      ? {}
      : { successor: { generation, storeKeyVersion } }),
  }));
}

/** Moves a rotation and its keys, in a transaction that is alone. */
export async function moveRotation(transaction: Transaction, move: RotationMove): Promise<WriteOutcome> {
  const { id, from, to, keys = [], notebook = null, at } = move;
  const [found] = await transaction.rows<Found>(FIND, id, notebook);
  if (found === undefined) return 'conflict';
  const recorded = await listKeys(transaction);
  if (found.status === to && found.isWritten && areInTheirStates(recorded, keys)) return 'existed';
  const notes = JSON.parse(found.notes) as NewRotation['notes'];
  if (found.status !== from) return 'conflict';
  if (from !== to && !(await mayArrive(transaction, id, to, notes))) return 'conflict';
  if (afterTransitions(recorded, keys, at) === undefined) return 'conflict';
  await moveKeys(transaction, keys, at);
  await transaction.write(MOVE, id, to, notebook, at);
  if (from !== to) await arrive(transaction, id, to, notes);
  return 'inserted';
}

interface Found {
  readonly status: RotationStatus;
  /** As JSON. */
  readonly notes: string;
  readonly isWritten: boolean;
}

async function mayArrive(
  transaction: Transaction,
  id: number,
  to: RotationStatus,
  notes: NewRotation['notes'],
): Promise<boolean> {
  if (to === 'aborted' || to === 'retired') return !(await anySuccessor(transaction));
  if (to !== 'verified' && to !== 'switched') return true;
  if (await anyOpenPart(transaction, id)) return false;
  return to === 'verified' || !(await anyNoted(transaction, notes));
}

async function arrive(
  transaction: Transaction,
  id: number,
  to: RotationStatus,
  notes: NewRotation['notes'],
): Promise<void> {
  if (to === 'switched' || to === 'retiring') await transaction.write(NEW_EPOCH);
  if (to !== 'aborted' && to !== 'retired') return;
  await forgetParts(transaction, id);
  await forgetNotes(transaction, notes, transaction.situation.notesOfOthers(id));
}

/** Asks everybody to hold back batches until a moment. */
export async function hold(transaction: Transaction, until: number): Promise<void> {
  await transaction.write(HOLD, until);
}
