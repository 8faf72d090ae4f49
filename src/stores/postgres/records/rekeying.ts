import { packCodes } from '../../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../../codes/per-institution-code.js';
import type { StoredRecord } from '../../access-record.js';
import { extendLog } from '../../log-entries.js';
import type { RecordCodePairs } from '../../record-port.js';
import { distinctPairs, draftsOfRekeying, REKEYED_ROWS, type RecordCodePair } from '../../record-writing.js';
import { numberArray } from '../arrays.js';
import { eachIn, GIVEN } from '../given.js';
import type { Statement, Transaction } from '../transaction.js';
import type { FileState } from './file-state.js';
import { ROW } from './rows.js';
import { writeLog } from './writing.js';

const SERIALS_OF_CODES: Statement = {
  name: 'serials-of-codes',
  text: `SELECT coalesce(string_agg(int4send(i) || int8send(serial), '' ORDER BY serial), '') AS packed
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
export async function rekey(transaction: Transaction<FileState>, given: RecordCodePairs): Promise<number> {
  const { period, generation, at } = given;
  const state = transaction.situation.periods.find((one) => one.period === period);
  if (state === undefined) return 0;
  if (generation > state.leastGeneration) await transaction.write(RAISE_LEAST, period, generation);
  const pairs = await pairsOfSerials(transaction, distinctPairs(given), period);
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
      numberArray(rows.map(({ serial }) => serial)),
      numberArray(rows.map(({ branch }) => branch)),
      numberArray(rows.map((_, k) => first + Math.floor(k / REKEYED_ROWS))),
      Buffer.concat(rows.map(({ recordCode }) => recordCode)),
    );
    head = log.head;
    count += rows.length;
  };

  for (let k = 0; k < serials.length; k += SERIALS_AT_ONCE) {
    const some = serials.slice(k, k + SERIALS_AT_ONCE);
    const rows = await transaction.rows<StoredRecord>(ROWS_OF_SERIALS, numberArray(some));
    rows.sort((a, b) => a.serial - b.serial || a.branch - b.branch);
    for (const row of rows) {
      changed.push({ ...row, recordCode: (pairs.get(row.serial) as RecordCodePair).newCode });
    }
    const whole = changed.length - (changed.length % REKEYED_ROWS);
    if (whole > 0) await flush(changed.slice(0, whole));
    changed = changed.slice(whole);
  }
  if (changed.length > 0) await flush(changed);
  return count;
}

/** The pair that the rows of each serial number are changed by, in the order of the numbers. */
async function pairsOfSerials(
  transaction: Transaction<FileState>,
  pairs: readonly RecordCodePair[],
  period: string,
): Promise<Map<number, RecordCodePair>> {
  const oldCodes = packCodes(pairs.map(({ oldCode }) => oldCode));
  const { packed } = await transaction.row<{ packed: Uint8Array }>(SERIALS_OF_CODES, oldCodes, period);
  const rows = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  return new Map(
    Array.from({ length: packed.length / 12 }, (_, k) => [
      Number(rows.getBigInt64(k * 12 + 4)),
      pairs[rows.getInt32(k * 12)] as RecordCodePair,
    ]),
  );
}
