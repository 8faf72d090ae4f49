import { codeAt } from '../../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../../codes/per-institution-code.js';
import type { StoredRecord } from '../../access-record.js';
import { extendLog } from '../../log-entries.js';
import type { RecordCodePairs } from '../../record-port.js';
import { draftsOfRekeying, REKEYED_ROWS } from '../../record-writing.js';
import { eachIn, GIVEN } from '../given.js';
import type { Statement, Transaction } from '../transaction.js';
import type { FileState } from './file-state.js';
import { ROW } from './rows.js';
import { writeLog } from './writing.js';

const SERIALS_OF_CODES: Statement = {
  name: 'serials-of-codes',
  text: `SELECT coalesce(string_agg(int4send(i) || int8send(serial), '' ORDER BY serial, i), '') AS packed
    FROM ${GIVEN} ${eachIn('record', 'record_code = code AND branch = 1 AND period = $2')}`,
};
const ROWS_OF_SERIALS: Statement = {
  name: 'rows-of-serials',
  text: `SELECT ${ROW} FROM unnest($1::bigint[]) AS given(serial) ${eachIn('record', 'record.serial = given.serial')}`,
};
/** By the places of the rows: a join by their keys might be turned around, and read the whole table. */
const REKEY: Statement = {
  name: 'rekey',
  text: `UPDATE record SET record_code = found.code, entry = found.entry
    FROM (
      SELECT place, given.entry, substring($4::bytea FROM (k::integer - 1) * ${CODE_LENGTH} + 1 FOR ${CODE_LENGTH}) AS code
      FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) WITH ORDINALITY AS given(serial, branch, entry, k)
      CROSS JOIN LATERAL (
        SELECT ctid AS place FROM record WHERE record.serial = given.serial AND record.branch = given.branch OFFSET 0
      ) AS record
    ) AS found WHERE record.ctid = found.place`,
};
const RAISE_LEAST: Statement = {
  name: 'raise-least-generation',
  text: 'UPDATE record_period SET least_generation = greatest(least_generation, $2::smallint) WHERE period = $1',
};

/** Serial numbers whose rows are held in memory at once. */
const SERIALS_AT_ONCE = 5_000;

/**
 * Puts rows under new record codes, in a transaction that is alone. All rows are found before the first is changed: a
 * new code may be somebody else's old one.
 */
export async function rekey(
  transaction: Transaction<FileState>,
  { period, oldCodes, newCodes, generation, at }: RecordCodePairs,
): Promise<number> {
  const state = transaction.situation.periods.find((one) => one.period === period);
  if (state === undefined) return 0;
  if (generation > state.leastGeneration) await transaction.write(RAISE_LEAST, period, generation);
  const pairs = await pairsOfSerials(transaction, oldCodes, period);
  const serials = [...pairs.keys()];
  let { head } = transaction.situation;
  let changed: StoredRecord[] = [];
  let count = 0;

  const flush = async (rows: readonly StoredRecord[]) => {
    const first = head.size;
    const log = extendLog(head, draftsOfRekeying(period, rows), at);
    await writeLog(transaction, log);
    await transaction.write(
      REKEY,
      rows.map(({ serial }) => serial),
      rows.map(({ branch }) => branch),
      rows.map((_, k) => first + Math.floor(k / REKEYED_ROWS)),
      Buffer.concat(rows.map(({ recordCode }) => recordCode)),
    );
    head = log.head;
    count += rows.length;
  };

  for (let k = 0; k < serials.length; k += SERIALS_AT_ONCE) {
    const some = serials.slice(k, k + SERIALS_AT_ONCE);
    const rows = await transaction.rows<StoredRecord>(ROWS_OF_SERIALS, some);
    rows.sort((a, b) => a.serial - b.serial || a.branch - b.branch);
    for (const row of rows) {
      changed.push({ ...row, recordCode: codeAt(newCodes, pairs.get(row.serial) as number) });
    }
    const whole = changed.length - (changed.length % REKEYED_ROWS);
    if (whole > 0) await flush(changed.slice(0, whole));
    changed = changed.slice(whole);
  }
  if (changed.length > 0) await flush(changed);
  return count;
}

/** The pair that each serial number is changed by, ascending; of pairs with one old code the first. */
async function pairsOfSerials(
  transaction: Transaction<FileState>,
  oldCodes: Uint8Array,
  period: string,
): Promise<Map<number, number>> {
  const { packed } = await transaction.row<{ packed: Uint8Array }>(SERIALS_OF_CODES, oldCodes, period);
  const rows = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const pairs = new Map<number, number>();
  for (let offset = 0; offset < rows.byteLength; offset += 12) {
    const serial = Number(rows.getBigInt64(offset + 4));
    if (!pairs.has(serial)) pairs.set(serial, rows.getInt32(offset));
  }
  return pairs;
}
