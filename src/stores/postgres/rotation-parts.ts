import type { WriteOutcome } from '../port.js';
import type { PartClaim, RotationPart } from '../rotation-port.js';
import type { Statement, Transaction } from './transaction.js';

/** Two who ask at once do not wait for each other: the second passes over the row that the first has locked. */
const CLAIM: Statement = {
  name: 'claim-part',
  text: `UPDATE rotation_part SET worker = $2::text, leased_until = $4::bigint
    WHERE rotation_id = $1::integer AND part = (
      SELECT part FROM rotation_part
      WHERE rotation_id = $1::integer AND report IS NULL
        AND (worker IS NULL OR worker = $2::text OR leased_until <= $3::bigint)
      ORDER BY part LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING part`,
};
const FINISH: Statement = {
  name: 'finish-part',
  text: `UPDATE rotation_part SET report = $3::text
    WHERE rotation_id = $1::integer AND part = $2::integer AND report IS NULL`,
};
const FIND_PART: Statement = {
  name: 'find-part',
  text: `SELECT EXISTS (SELECT FROM rotation_part WHERE rotation_id = $1::integer AND part = $2::integer) AS found`,
};
const PARTS: Statement = {
  name: 'parts',
  text: 'SELECT part, report FROM rotation_part WHERE rotation_id = $1::integer ORDER BY part',
};
const MAKE_PARTS: Statement = {
  name: 'make-parts',
  text: `INSERT INTO rotation_part (leased_until, rotation_id, part)
    SELECT 0, $1::integer, part FROM generate_series(0, $2::integer - 1) AS part`,
};
const FORGET_PARTS: Statement = {
  name: 'forget-parts',
  text: 'DELETE FROM rotation_part WHERE rotation_id = $1::integer',
};
const ANY_OPEN: Statement = {
  name: 'any-open-part',
  text: `SELECT EXISTS (SELECT FROM rotation_part WHERE rotation_id = $1::integer AND report IS NULL) AS found`,
};

/** Claims the lowest part that nobody else holds. */
export async function claimPart(
  transaction: Transaction,
  { id, worker, now, leaseMs }: PartClaim,
): Promise<number | undefined> {
  if (transaction.situation.statusOf(id) !== 'running') return undefined;
  const [claimed] = await transaction.rows<{ part: number }>(CLAIM, id, worker, now, now + leaseMs);
  return claimed?.part;
}

/** Records that a part is done. */
export async function finishPart(
  transaction: Transaction,
  id: number,
  part: number,
  report: string,
): Promise<WriteOutcome> {
  if ((await transaction.write(FINISH, id, part, report)) === 1) return 'inserted';
  return (await transaction.row<{ found: boolean }>(FIND_PART, id, part)).found ? 'existed' : 'conflict';
}

/** All parts of a rotation. */
export async function parts(transaction: Transaction, id: number): Promise<RotationPart[]> {
  const rows = await transaction.rows<{ part: number; report: string | null }>(PARTS, id);
  return rows.map(({ part, report }) => (report === null ? { part } : { part, report }));
}

/** Makes the parts of a new rotation. */
export async function makeParts(transaction: Transaction, id: number, number: number): Promise<void> {
  await transaction.write(MAKE_PARTS, id, number);
}

/** Forgets the parts of a rotation. */
export async function forgetParts(transaction: Transaction, id: number): Promise<void> {
  await transaction.write(FORGET_PARTS, id);
}

/** True while a part is to be done. */
export async function anyOpenPart(transaction: Transaction, id: number): Promise<boolean> {
  return (await transaction.row<{ found: boolean }>(ANY_OPEN, id)).found;
}
