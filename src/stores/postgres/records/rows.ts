import { AccessRecord, type StoredRecord } from '../../access-record.js';

/** What is read of a row, as {@link StoredRecord} names it. */
export const ROW =
  'record.serial, record.branch, record.period, record_code AS "recordCode", entry, content AS text';

/** A row; undefined where there is none. */
export function recordOf(row: StoredRecord | undefined): AccessRecord | undefined {
  return row === undefined ? undefined : new AccessRecord(row);
}

/** Rows, in their order. */
export function recordsOf(rows: readonly StoredRecord[]): AccessRecord[] {
  return rows.map((row) => new AccessRecord(row));
}
