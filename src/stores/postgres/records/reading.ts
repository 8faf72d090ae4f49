import type { AccessRecord, StoredRecord } from '../../access-record.js';
import type { PersonRecordsPage, RecordsPage } from '../../record-port.js';
import { numberArray, wordArray } from '../arrays.js';
import { eachIn } from '../given.js';
import type { Statement, Transaction } from '../transaction.js';
import type { FileState } from './file-state.js';
import { ROW, recordOf, recordsOf } from './rows.js';

/** A name that an inquirer gave a request. */
export interface AskedRequest {
  readonly inquirer: string;
  readonly requestId: string;
}

/** First branches by the inquirers' own names of requests, to be joined to `given`. */
export const BY_REQUEST = eachIn(
  'record',
  'record.inquirer = given.inquirer AND record.request_id = given.request_id AND record.branch = 1',
);
/** Last branches by serial numbers, to be joined to `given`. */
export const LAST_BRANCH = `CROSS JOIN LATERAL (
    SELECT * FROM record WHERE record.serial = given.serial ORDER BY record.branch DESC LIMIT 1
  ) AS record`;

const REQUESTS: Statement = {
  name: 'requests',
  text: `SELECT i::integer, ${ROW}
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given(inquirer, request_id, i) ${BY_REQUEST}`,
};
const LATEST: Statement = {
  name: 'latest',
  text: `SELECT i::integer, ${ROW} FROM unnest($1::bigint[]) WITH ORDINALITY AS given(serial, i) ${LAST_BRANCH}`,
};
const PERSON: Statement = {
  name: 'person-records',
  text: `SELECT ${ROW}
    FROM (SELECT serial FROM record WHERE record_code = $1::bytea AND serial < $3::bigint AND branch = 1
        AND period = $2 ORDER BY serial DESC LIMIT $4::integer) AS given
    ${eachIn('record', 'record.serial = given.serial ORDER BY branch')}`,
};
const PAGE: Statement = {
  name: 'records',
  text: `SELECT ${ROW} FROM record WHERE (serial, branch) > ($1::bigint, $2::bigint)
    ORDER BY serial, branch LIMIT $3::integer`,
};

type NumberedRow = StoredRecord & {
  /** Counts what was asked about from 1 on. */
  readonly i: number;
};

/** What is on record under names of requests. */
export async function requests(
  transaction: Transaction<FileState>,
  asked: readonly AskedRequest[],
): Promise<(AccessRecord | undefined)[]> {
  const inquirers = wordArray(asked.map(({ inquirer }) => inquirer));
  const ids = wordArray(asked.map(({ requestId }) => requestId));
  return inPlace(asked.length, await transaction.rows<NumberedRow>(REQUESTS, inquirers, ids));
}

/** The last branches of serial numbers. */
export async function latest(
  transaction: Transaction<FileState>,
  serials: readonly number[],
): Promise<(AccessRecord | undefined)[]> {
  return inPlace(serials.length, await transaction.rows<NumberedRow>(LATEST, numberArray(serials)));
}

/** All branches of a page of a person's records. */
export async function personRecords(
  transaction: Transaction<FileState>,
  { period, recordCode, beforeSerial = Number.MAX_SAFE_INTEGER, limit }: PersonRecordsPage,
): Promise<AccessRecord[]> {
  const rows = await transaction.rows<StoredRecord>(PERSON, recordCode, period, beforeSerial, limit);
  return recordsOf(rows);
}

/** A page of rows. */
export async function records(
  transaction: Transaction<FileState>,
  { after = { serial: 0, branch: 0 }, limit }: RecordsPage,
): Promise<AccessRecord[]> {
  return recordsOf(await transaction.rows<StoredRecord>(PAGE, after.serial, after.branch, limit));
}

function inPlace(asked: number, rows: readonly NumberedRow[]): (AccessRecord | undefined)[] {
  const found = Array.from<AccessRecord | undefined>({ length: asked });
  for (const { i, ...row } of rows) found[i - 1] = recordOf(row);
  return found;
}
