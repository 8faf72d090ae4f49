import type { WriteOutcome } from '../../calls.js';
import { extendLog } from '../../log-entries.js';
import type { LogDraft } from '../../log-port.js';
import type { RecordErasure } from '../../record-port.js';
import type { Statement, Transaction } from '../transaction.js';
import type { FileState } from './file-state.js';
import { writeLog } from './writing.js';

const SETTLE: Statement = {
  name: 'settle-generation',
  text: `UPDATE record_period SET generation = $2::smallint, least_generation = greatest(least_generation, $2::smallint)
    WHERE period = $1`,
};
const BEGIN_ERASING: Statement = {
  name: 'begin-erasing',
  text: 'UPDATE record_period SET erased = true WHERE period = $1',
};
/**
 * The last branches first, so that what is left of a record has no gap. The next call begins where this one ended: an
 * index passes over rows deleted before it slowly until they are vacuumed.
 */
const ERASE: Statement = {
  name: 'erase',
  text: `WITH doomed AS MATERIALIZED (
      SELECT ctid AS place, serial FROM record
      WHERE serial >= (SELECT least_serial FROM record_period WHERE period = $1) AND period = $1
      ORDER BY serial, branch DESC LIMIT $2::integer
    ), gone AS (
      DELETE FROM record USING doomed WHERE record.ctid = doomed.place
    ), counted AS (
      SELECT count(*) AS rows, max(serial) AS serial FROM doomed
    ), reached AS (
      UPDATE record_period SET rows = record_period.rows - counted.rows,
        least_serial = coalesce(counted.serial, least_serial)
      FROM counted WHERE period = $1
    )
    SELECT rows FROM counted`,
};

/** Says under which generation rows are found, in a transaction that is alone. */
export async function settleGeneration(
  transaction: Transaction<FileState>,
  period: string,
  generation: number,
  at: number,
): Promise<WriteOutcome> {
  const { head, periods } = transaction.situation;
  const state = periods.find((one) => one.period === period);
  if (state === undefined || state.generation > generation) return 'conflict';
  if (state.generation === generation) return 'existed';
  await transaction.write(SETTLE, period, generation);
  const draft = { event: 'records.generation', details: { generation, period } };
  await writeLog(transaction, extendLog(head, [draft], at));
  return 'inserted';
}

/** Erases rows of a period, in a transaction that is alone. */
export async function erase(
  transaction: Transaction<FileState>,
  { period, limit, at }: RecordErasure,
): Promise<number> {
  const { head, periods } = transaction.situation;
  const state = periods.find((one) => one.period === period);
  if (state === undefined) return 0;
  const drafts: LogDraft[] = [];
  if (!state.erased) {
    await transaction.write(BEGIN_ERASING, period);
    drafts.push({ event: 'records.erasing', details: { period } });
  }
  // No more than there are: the search for a further one would go through all later periods.
  const most = Math.min(limit, state.rows);
  const rows = most === 0 ? 0 : (await transaction.row<{ rows: number }>(ERASE, period, most)).rows;
  if (rows > 0) drafts.push({ event: 'records.erased', details: { period, rows } });
  await writeLog(transaction, extendLog(head, drafts, at));
  return rows;
}
