import { CODE_LENGTH } from '../../../codes/per-institution-code.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { LogExtension } from '../../log-entries.js';
import type { NewRecordRow, RecordsPlanned } from '../../record-writing.js';
import { isDuplicate } from '../faults.js';
import type { Statement, Transaction } from '../transaction.js';
import type { FileState } from './file-state.js';

const HASH_LENGTH = 32;
/** What one statement takes; a value of PostgreSQL has less than 1 GB, and a character may have three bytes. */
const MOST_LETTERS = 16_777_216;
const MOST_ROWS = 20_000;

const NEW_PERIODS: Statement = {
  name: 'new-periods',
  text: `INSERT INTO record_period (period, generation, least_generation, least_serial, rows, erased)
    SELECT period, generation, generation, $3::bigint, 0, false
    FROM unnest($1::text[], $2::smallint[]) AS given(period, generation)`,
};
/**
 * All that a batch comes to in one round trip, with the same plan whatever its size. Arrays of a parameter stand for
 * columns; codes and hashes come packed, which takes less time than arrays of them.
 */
const WRITE: Statement = {
  name: 'write',
  text: `WITH counted AS (
      UPDATE record_period SET rows = record_period.rows + given.rows
      FROM unnest($1::text[], $2::bigint[]) AS given(period, rows) WHERE record_period.period = given.period
    ), new_record AS (
      INSERT INTO record (serial, branch, entry, period, inquirer, request_id, content, record_code)
      SELECT serial, branch, entry, period, inquirer, request_id, content, ${cut('$10', CODE_LENGTH)}
      FROM unnest($3::bigint[], $4::integer[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[])
        WITH ORDINALITY AS given(serial, branch, entry, period, inquirer, request_id, content, k)
    ), new_entry AS (
      INSERT INTO log_entry (index, content, hash)
      SELECT index, content, ${cut('$13', HASH_LENGTH)}
      FROM unnest($11::bigint[], $12::text[]) WITH ORDINALITY AS given(index, content, k)
    ), new_hash AS (
      INSERT INTO log_hash (level, index, hash)
      SELECT level, index, ${cut('$16', HASH_LENGTH)}
      FROM unnest($14::smallint[], $15::bigint[]) WITH ORDINALITY AS given(level, index, k)
    )
    UPDATE head SET next_serial = $17::bigint, size = $18::bigint, at = $19::bigint, last = $20::bytea,
      subtrees = $21::bytea`,
};

/** The k-th of packed values of one width, counted from 1. */
function cut(packed: string, width: number): string {
  return `substring(${packed}::bytea FROM (k::integer - 1) * ${width} + 1 FOR ${width})`;
}

/** Writes what a batch comes to, in a transaction that is alone. */
export async function write(
  transaction: Transaction<FileState>,
  { rows, log, nextSerial, periods }: Omit<RecordsPlanned, 'written'>,
): Promise<void> {
  if (log.entries.length === 0) return;
  if (periods.size > 0) {
    const generations = [...periods.values()];
    await transaction.write(NEW_PERIODS, [...periods.keys()], generations, transaction.situation.nextSerial);
  }
  const { size, at, last, subtrees } = log.head;
  const head = [nextSerial, size, at, last, Buffer.concat(subtrees)];
  const [rowParts, entryParts] = [inParts(rows), inParts(log.entries)];
  for (let k = 0; k < Math.max(rowParts.length, entryParts.length); k++) {
    const values = [...rowValues(rowParts[k] ?? []), ...entryValues(entryParts[k] ?? [])];
    await transaction
      .write(WRITE, ...values, ...hashValues(k === 0 ? log.hashes : []), ...head)
      .catch((error: unknown) => {
        if (!isDuplicate(error)) throw error;
        throw new RenkeiError(
          'STORE_CORRUPT',
          'appending: rows stand where the head of the file says there are none',
        );
      });
  }
}

/** Writes entries of the log alone, in a transaction that is alone. */
export function writeLog(transaction: Transaction<FileState>, log: LogExtension): Promise<void> {
  const { nextSerial } = transaction.situation;
  return write(transaction, { rows: [], log, nextSerial, periods: new Map() });
}

function rowValues(rows: readonly NewRecordRow[]) {
  const counts = new Map<string, number>();
  for (const { period } of rows) counts.set(period, (counts.get(period) ?? 0) + 1);
  return [
    [...counts.keys()],
    [...counts.values()],
    rows.map(({ serial }) => serial),
    rows.map(({ branch }) => branch),
    rows.map(({ entry }) => entry),
    rows.map(({ period }) => period),
    rows.map(({ request }) => request?.inquirer ?? null),
    rows.map(({ request }) => request?.requestId ?? null),
    rows.map(({ text }) => text),
    Buffer.concat(rows.map(({ recordCode }) => recordCode)),
  ];
}

function entryValues(entries: LogExtension['entries']) {
  return [
    entries.map(({ index }) => index),
    entries.map(({ text }) => text),
    Buffer.concat(entries.map(({ hash }) => hash)),
  ];
}

function hashValues(hashes: LogExtension['hashes']) {
  return [
    hashes.map(({ level }) => level),
    hashes.map(({ index }) => index),
    Buffer.concat(hashes.map(({ hash }) => hash)),
  ];
}

/** Cuts rows into parts that one statement takes. */
function inParts<T extends { readonly text: string }>(rows: readonly T[]): T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  let letters = 0;
  for (const row of rows) {
    if (part.length === MOST_ROWS || (part.length > 0 && letters + row.text.length > MOST_LETTERS)) {
      parts.push(part);
      [part, letters] = [[], 0];
    }
    part.push(row);
    letters += row.text.length;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}
