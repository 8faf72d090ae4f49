import { CODE_LENGTH } from '../../../codes/per-institution-code.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { LogExtension } from '../../log-entries.js';
import type { NewRecordRow, RecordsPlanned } from '../../record-writing.js';
import { numberArray, wordArray } from '../arrays.js';
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
 * All that a batch comes to in one round trip, with the same plan whatever its size. Columns come as arrays and long
 * values packed: an array of texts is written and read letter by letter.
 */
const WRITE: Statement = {
  name: 'write',
  text: `WITH counted AS (
      UPDATE record_period SET rows = record_period.rows + given.rows
      FROM unnest($1::text[], $2::bigint[]) AS given(period, rows) WHERE record_period.period = given.period
    ), new_record AS (
      INSERT INTO record (serial, branch, entry, period, inquirer, request_id, record_code, content)
      SELECT serial, branch, $3::bigint + k - 1, period, inquirer, request_id, ${cut('$9', CODE_LENGTH)},
        ${cutText('$12')}
      FROM unnest($4::bigint[], $5::integer[], $6::text[], $7::text[], $8::text[], $10::integer[], $11::integer[])
        WITH ORDINALITY AS given(serial, branch, period, inquirer, request_id, start, length, k)
    ), new_entry AS (
      INSERT INTO log_entry (index, hash, content)
      SELECT $13::bigint + k - 1, ${cut('$14', HASH_LENGTH)}, ${cutText('$17')}
      FROM unnest($15::integer[], $16::integer[]) WITH ORDINALITY AS given(start, length, k)
    ), new_hash AS (
      INSERT INTO log_hash (level, index, hash)
      SELECT level, index, ${cut('$20', HASH_LENGTH)}
      FROM unnest($18::smallint[], $19::bigint[]) WITH ORDINALITY AS given(level, index, k)
    )
    UPDATE head SET next_serial = $21::bigint, size = $22::bigint, at = $23::bigint, last = $24::bytea,
      subtrees = $25::bytea`,
};

/** The k-th of packed values of one width, counted from 1. */
function cut(packed: string, width: number): string {
  return `substring(${packed}::bytea FROM (k::integer - 1) * ${width} + 1 FOR ${width})`;
}

/** One of packed texts. */
function cutText(packed: string): string {
  return `convert_from(substring(${packed}::bytea FROM start FOR length), 'UTF8')`;
}

/** Writes what a batch comes to, in a transaction that is alone. */
export async function write(
  transaction: Transaction<FileState>,
  { rows, log, nextSerial, periods }: Omit<RecordsPlanned, 'written'>,
): Promise<void> {
  if (log.entries.length === 0) return;
  if (periods.size > 0) {
    const [names, generations] = [wordArray([...periods.keys()]), numberArray([...periods.values()])];
    await transaction.write(NEW_PERIODS, names, generations, transaction.situation.nextSerial);
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
    wordArray([...counts.keys()]),
    numberArray([...counts.values()]),
    rows[0]?.entry ?? 0,
    numberArray(rows.map(({ serial }) => serial)),
    numberArray(rows.map(({ branch }) => branch)),
    wordArray(rows.map(({ period }) => period)),
    wordArray(rows.map(({ request }) => request?.inquirer)),
    wordArray(rows.map(({ request }) => request?.requestId)),
    Buffer.concat(rows.map(({ recordCode }) => recordCode)),
    ...packedTexts(rows),
  ];
}

function entryValues(entries: LogExtension['entries']) {
  return [entries[0]?.index ?? 0, Buffer.concat(entries.map(({ hash }) => hash)), ...packedTexts(entries)];
}

function hashValues(hashes: LogExtension['hashes']) {
  return [
    numberArray(hashes.map(({ level }) => level)),
    numberArray(hashes.map(({ index }) => index)),
    Buffer.concat(hashes.map(({ hash }) => hash)),
  ];
}

/** Where each text begins, counted from 1, how many bytes it has, and all of them one behind the other. */
function packedTexts(rows: readonly { readonly text: string }[]) {
  let letters = 0;
  for (const { text } of rows) letters += text.length;
  // A letter of JavaScript is three bytes at the most.
  const bytes = Buffer.allocUnsafe(letters * 3);
  const [starts, lengths]: [number[], number[]] = [[], []];
  let end = 0;
  for (const { text } of rows) {
    const length = bytes.write(text, end);
    starts.push(end + 1);
    lengths.push(length);
    end += length;
  }
  return [numberArray(starts), numberArray(lengths), bytes.subarray(0, end)];
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
