/**
 * What is wrong with a record file.
 *
 * - `row-changed`: the row is not what its log entry says: its text, its record code or its place was changed.
 * - `row-missing`: the log says that there is a row, and there is none, though its period is not erased.
 * - `row-put-back`: the row is an earlier one of itself: the log says that it was put under another record code since, or
 *   that all rows of its period were erased.
 * - `row-hidden`: the row is not found through its own record code, so that the person would not be shown it.
 * - `row-not-logged`: no entry of the log speaks of the row.
 * - `request-moved`: the inquirer's own name of the request does not lead to the record.
 * - `period-changed`: erasure or generation of a period is not what the log says, or there are more rows than erasing has
 *   left.
 * - `entry-damaged`: an entry of the log is not what the library writes, or does not name the one before.
 * - `log-cut`: the log ends before its end on record, or its end is another one, or of another moment.
 */
export type RecordFindingKind =
  | 'row-changed'
  | 'row-missing'
  | 'row-put-back'
  | 'row-hidden'
  | 'row-not-logged'
  | 'request-moved'
  | 'period-changed'
  | 'entry-damaged'
  | 'log-cut';

/** One thing that is wrong with a record file. Nothing in it identifies a person. */
export interface RecordFinding {
  /** What. */
  readonly finding: RecordFindingKind;
  /** 処理通番 of the row. */
  readonly serial?: number;
  /** 処理通番の枝番 of the row. */
  readonly branch?: number;
  /** Record period, of `period-changed`. */
  readonly period?: string;
  /** Index of the log entry. */
  readonly entry?: number;
}
