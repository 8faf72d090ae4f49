import { RenkeiError } from '../errors/renkei-error.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import {
  AccessRecord,
  type RecordOrigin,
  recordDigest,
  recordText,
  type StoredRecord,
} from './access-record.js';
import { codeOfText, codeTexts } from './code-texts.js';
import { extendLog, type LogExtension } from './log-entries.js';
import type { LogDraft, LogHead } from './log-port.js';
import type { RecordContent } from './record-content.js';
import type {
  NewBranchOutcome,
  NewRecordOutcome,
  RecordBatch,
  RecordCodePairs,
  RecordPeriodState,
  RecordsWritten,
} from './record-port.js';

/** What a store has to read, under the lock of its one writer, before it writes a batch. */
export interface RecordsBefore {
  /** The end of the log. */
  readonly head: LogHead;
  /** The serial number to be given next. */
  readonly nextSerial: number;
  /** First branches on record, by {@link requestKey}, of requests that the batch names. */
  readonly requests: ReadonlyMap<string, StoredRecord>;
  /** Last branches on record of the serial numbers that the batch has branches of. */
  readonly latest: ReadonlyMap<number, StoredRecord>;
  /** Periods of the batch, and of the branches in `latest`, that the file knows. */
  readonly periods: ReadonlyMap<string, Pick<RecordPeriodState, 'leastGeneration' | 'erased'>>;
}

/** A row to be written. */
export interface NewRecordRow extends StoredRecord {
  /** Whose request it is, and under which name; only of a first branch. */
  readonly request?: { readonly inquirer: InstitutionCode; readonly requestId: string };
}

/** What a batch comes to; to be kept in one transaction. */
export interface RecordsPlanned {
  /** New rows. */
  readonly rows: readonly NewRecordRow[];
  /** New entries of the log, and its end. */
  readonly log: LogExtension;
  /** The serial number to be given next after it. */
  readonly nextSerial: number;
  /**
   * Generations of the periods that the file did not know: each is that of the first row, and the period's least
   * generation too.
   */
  readonly periods: ReadonlyMap<string, number>;
  /** What the caller is told. */
  readonly written: RecordsWritten;
}

/** A text that stands for an inquirer's own name of a request. */
export function requestKey(inquirer: InstitutionCode, requestId: string): string {
  return `${inquirer}/${requestId}`;
}

/**
 * Works out what a batch writes: what every store does alike, so that the bytes are the same in each.
 *
 * @param batch checked
 * @throws RenkeiError `RECORD_PERIOD_RETIRED`, `KEYS_CHANGED`
 */
export function planRecords(before: RecordsBefore, batch: RecordBatch): RecordsPlanned {
  const { records = [], branches = [], drafts = [] } = batch;
  const at = Math.max(batch.at, before.head.at);
  const rows: NewRecordRow[] = [];
  const requests = new Map(before.requests);
  const latest = new Map(before.latest);
  const periods = new Map<string, number>();
  let { nextSerial } = before;

  const branchDrafts: LogDraft[] = [];

  const write = (
    row: Omit<NewRecordRow, 'entry' | 'text'>,
    content: RecordContent,
    origin?: RecordOrigin,
  ): AccessRecord => {
    if (before.periods.get(row.period)?.erased === true) {
      throw new RenkeiError('RECORD_PERIOD_RETIRED', `records of the period ${row.period} have been erased`);
    }
    const entry = before.head.size + drafts.length + rows.length;
    const stored = { ...row, entry, text: recordText(row, at, content, origin) };
    rows.push(stored);
    latest.set(row.serial, stored);
    return new AccessRecord(stored);
  };

  const newRecords = records.map(
    ({ requestId, period, generation, recordCode, content }): NewRecordOutcome => {
      const { inquirer } = content;
      const key = requestKey(inquirer, requestId);
      const known = requests.get(key);
      if (known !== undefined) return { outcome: 'existed', record: new AccessRecord(known) };
      const least = before.periods.get(period)?.leastGeneration ?? periods.get(period);
      if (least === undefined) periods.set(period, generation);
      // Nobody would find it: the period's rows were put under the codes of a later generation meanwhile.
      else if (generation < least) throw codeOfBefore(period, least);
      const serial = nextSerial++;
      const code = new Uint8Array(recordCode);
      const row = { serial, branch: 1, period, recordCode: code, request: { inquirer, requestId } };
      const record = write(row, content, { requestId, generation });
      requests.set(key, latest.get(serial) as StoredRecord);
      return { outcome: 'inserted', record };
    },
  );

  const newBranches = branches.map(({ serial, branch, content, draft }): NewBranchOutcome => {
    const last = latest.get(serial);
    if (last === undefined || last.branch !== branch - 1) return { outcome: 'conflict' };
    const { period, recordCode } = last;
    if (draft !== undefined) branchDrafts.push(draft);
    return { outcome: 'inserted', record: write({ serial, branch, period, recordCode }, content) };
  });

  return {
    rows,
    log: extendLog(before.head, [...drafts, ...rows.map(draftOf), ...branchDrafts], at),
    nextSerial,
    periods,
    written: { records: newRecords, branches: newBranches },
  };
}

function codeOfBefore(period: string, least: number): RenkeiError {
  return new RenkeiError(
    'KEYS_CHANGED',
    `records of the period ${period} are taken under codes of generation ${least} on, a record's code is of one before`,
  );
}

/** The log entry of a row. */
function draftOf(row: StoredRecord): LogDraft {
  const { serial, branch, period } = row;
  return { event: 'record', details: { branch, digest: recordDigest(row), period, serial } };
}

/** The record code that a person's rows stand under, and the one that they are to stand under. */
export interface RecordCodePair {
  readonly oldCode: Uint8Array;
  readonly newCode: Uint8Array;
}

/**
 * New record codes pair by pair, each a copy; without those that change nothing: of equal codes, and of an old code that
 * came before.
 */
export function distinctPairs({ oldCodes, newCodes }: RecordCodePairs): readonly RecordCodePair[] {
  const newTexts = codeTexts(newCodes);
  const pairs = new Map<string, string>();
  codeTexts(oldCodes).forEach((oldText, k) => {
    if (!pairs.has(oldText)) pairs.set(oldText, newTexts[k] as string);
  });
  return [...pairs]
    .filter(([oldText, newText]) => oldText !== newText)
    .map(([oldText, newText]) => ({ oldCode: codeOfText(oldText), newCode: codeOfText(newText) }));
}

/** Rows that one log entry of a change of record codes speaks of. */
export const REKEYED_ROWS = 1_000;

/**
 * The log entries of rows that were put under new record codes.
 *
 * @param rows as they are now; each of these is to be kept with the index of its entry, the n-th of the log from `first`
 *   on for the n-th thousand
 */
export function draftsOfRekeying(period: string, rows: readonly StoredRecord[]): LogDraft[] {
  const drafts: LogDraft[] = [];
  for (let k = 0; k < rows.length; k += REKEYED_ROWS) {
    const some = rows.slice(k, k + REKEYED_ROWS);
    const details = {
      branches: some.map(({ branch }) => branch),
      digests: some.map(recordDigest),
      period,
      serials: some.map(({ serial }) => serial),
    };
    drafts.push({ event: 'records.re-keyed', details });
  }
  return drafts;
}
