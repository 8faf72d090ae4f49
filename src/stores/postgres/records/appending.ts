import type { InstitutionCode } from '../../../subjects/institution-code.js';
import type { StoredRecord } from '../../access-record.js';
import type { RecordBatch, RecordsWritten } from '../../record-port.js';
import { planRecords, requestKey } from '../../record-writing.js';
import { numberArray, wordArray } from '../arrays.js';
import type { Statement, Transaction } from '../transaction.js';
import type { FileState } from './file-state.js';
import { BY_REQUEST, LAST_BRANCH } from './reading.js';
import { ROW } from './rows.js';
import { write } from './writing.js';

/** What a batch names and the file has. */
const KNOWN: Statement = {
  name: 'known',
  text: `SELECT false AS "isLast", ${ROW}, record.inquirer, record.request_id AS "requestId"
    FROM unnest($1::text[], $2::text[]) AS given(inquirer, request_id) ${BY_REQUEST}
    UNION ALL
    SELECT true, ${ROW}, record.inquirer, record.request_id
    FROM unnest($3::bigint[]) AS given(serial) ${LAST_BRANCH}`,
};

type KnownRow = StoredRecord & {
  /** Whether the row is known by its serial number, as the last branch; else by the inquirer's name of the request. */
  readonly isLast: boolean;
  readonly inquirer: InstitutionCode;
  readonly requestId: string;
};

/** Writes a batch, in a transaction that is alone. */
export async function append(
  transaction: Transaction<FileState>,
  batch: RecordBatch,
): Promise<RecordsWritten> {
  const { head, nextSerial, periods } = transaction.situation;
  const { records = [], branches = [] } = batch;
  const requests = new Map<string, StoredRecord>();
  const latest = new Map<number, StoredRecord>();
  if (records.length + branches.length > 0) {
    const rows = await transaction.rows<KnownRow>(
      KNOWN,
      wordArray(records.map(({ content }) => content.inquirer)),
      wordArray(records.map(({ requestId }) => requestId)),
      numberArray(branches.map(({ serial }) => serial)),
    );
    for (const { isLast, inquirer, requestId, ...row } of rows) {
      if (isLast) latest.set(row.serial, row);
      else requests.set(requestKey(inquirer, requestId), row);
    }
  }
  const known = new Map(periods.map((period) => [period.period, period]));
  const { written, ...planned } = planRecords({ head, nextSerial, requests, latest, periods: known }, batch);
  await write(transaction, planned);
  return written;
}
