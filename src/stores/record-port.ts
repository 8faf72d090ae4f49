import type { InstitutionCode } from '../subjects/institution-code.js';
import type { AccessRecord } from './access-record.js';
import type { LogCallOptions, LogDraft, LogStore } from './log-port.js';
import type { RecordContent } from './record-content.js';

export type { AccessRecord } from './access-record.js';
export type { RecordContent } from './record-content.js';

/** A request that is to be recorded: the first branch of a new serial number. */
export interface NewRecord {
  /** The inquirer's own name of the request: 1 to 64 of A–Z, a–z, 0–9, hyphen and underscore; no code of a person. */
  readonly requestId: string;
  /** Record period under whose key the record code is. */
  readonly period: string;
  /** Generation of the linkage code that the record code carries, 1 to 255. */
  readonly generation: number;
  /** 情報提供等記録用符号, 24 bytes. */
  readonly recordCode: Uint8Array;
  /** The rest. */
  readonly content: RecordContent;
}

/** A further branch of a record: what the provider answered, or a correction. */
export interface NewBranch {
  /** 処理通番 of the record. */
  readonly serial: number;
  /** 処理通番の枝番, 2 on: one more than the last one. Period and record code are those of the branch before. */
  readonly branch: number;
  /** The whole content, not only what changes. */
  readonly content: RecordContent;
  /** Entry of the operation log that is written if the branch is, besides the row's own. Default: none. */
  readonly draft?: LogDraft;
}

/** What is to be written in one transaction. */
export interface RecordBatch {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
  /** Default: none. */
  readonly records?: readonly NewRecord[];
  /** Default: none. */
  readonly branches?: readonly NewBranch[];
  /** Entries of the operation log besides those of the rows. Default: none. */
  readonly drafts?: readonly LogDraft[];
}

/** What became of a new record. */
export type NewRecordOutcome =
  | {
      /** It is on record. */
      readonly outcome: 'inserted';
      /** The row. */
      readonly record: AccessRecord;
    }
  | {
      /** The inquirer has used this name of a request before, in this batch too. Nothing was written. */
      readonly outcome: 'existed';
      /** The first branch of what is on record under it, whatever that says. */
      readonly record: AccessRecord;
    };

/** What became of a new branch. */
export type NewBranchOutcome =
  | {
      /** It is on record. */
      readonly outcome: 'inserted';
      /** The row. */
      readonly record: AccessRecord;
    }
  | {
      /** There is no such serial number, or its last branch is not the one before. Nothing was written. */
      readonly outcome: 'conflict';
    };

/** What became of a batch, in its order. */
export interface RecordsWritten {
  /** Of each record. */
  readonly records: readonly NewRecordOutcome[];
  /** Of each branch. */
  readonly branches: readonly NewBranchOutcome[];
}

/** Which rows of a person are wanted. */
export interface PersonRecordsPage extends LogCallOptions {
  /** Record period. */
  readonly period: string;
  /** 情報提供等記録用符号, 24 bytes. */
  readonly recordCode: Uint8Array;
  /** The last serial number of the page before: only lower ones are wanted. Default: from the newest on. */
  readonly beforeSerial?: number;
  /** Most serial numbers wanted, 1 to 10,000. */
  readonly limit: number;
}

/** Which rows are wanted, whoever they are of. */
export interface RecordsPage extends LogCallOptions {
  /** The last row of the page before. Default: from the start. */
  readonly after?: {
    /** Its 処理通番. */
    readonly serial: number;
    /** Its 枝番. */
    readonly branch: number;
  };
  /** Most rows wanted, 1 to 100,000. */
  readonly limit: number;
}

/** A record period as the file knows it. */
export interface RecordPeriodState {
  /** Such as `2026`. */
  readonly period: string;
  /** Generation of the linkage codes that its rows are found under, all of them while `leastGeneration` is the same. */
  readonly generation: number;
  /**
   * Least generation of the linkage codes of new rows. Higher than `generation` while rows are put under the codes of
   * that generation: some are found under the ones, some under the others.
   */
  readonly leastGeneration: number;
  /** Rows, branches counted. */
  readonly rows: number;
  /** True once rows were erased: no row of this period is taken any more. */
  readonly erased: boolean;
}

/** New record codes of people, after a change of generation. */
export interface RecordCodePairs {
  /** Record period. */
  readonly period: string;
  /** n × 24 bytes: codes that rows stand under. */
  readonly oldCodes: Uint8Array;
  /** n × 24 bytes: those of the same people that rows are to stand under. */
  readonly newCodes: Uint8Array;
  /** Generation of the linkage codes that the new codes carry, 1 to 255. */
  readonly generation: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
}

/** What is to be erased of a period. */
export interface RecordErasure extends LogCallOptions {
  /** Record period. */
  readonly period: string;
  /** Most rows wanted, 1 to 100,000. */
  readonly limit: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
}

/**
 * 情報提供等記録ファイル: the record file. Append-only: a record has branches, and a later one says what holds. A person's
 * rows are found through the record code of their period and through nothing else. It is the operation log too: in the
 * transaction that writes a row, an entry `record` is appended that holds the row's digest ({@link AccessRecord.digest}),
 * its serial number, branch and period; so neither is ever there without the other.
 *
 * Serial numbers (処理通番) are given by the file, from 1 on, without gaps. All methods are safe to repeat, but for the
 * log entries of `drafts`, which may be there twice then. Errors of every method, besides those of {@link LogStore}:
 * `OPTION_INVALID`, `BUFFER_LENGTH`, `BATCH_TOO_LARGE`.
 */
export interface RecordStore extends LogStore {
  /**
   * Writes rows and log entries in one transaction, all or none, durable when the promise resolves. Log entries are in
   * this order: drafts, records, branches, drafts of the branches that were inserted. The moment of all is `at`, or that
   * of the last log entry when it is later.
   *
   * @param batch at most 100,000 rows and drafts together
   * @throws RenkeiError `RECORD_PERIOD_RETIRED` when a record or branch is of a period that has been erased;
   *   `KEYS_CHANGED` when a record's code is of a lower generation than the `leastGeneration` of its period (the first
   *   record of a period says which that is, then `rekey` and `settleGeneration`): nothing is written then;
   *   `RECORD_PERIOD_INVALID`, `GENERATION_INVALID`, `LOG_ENTRY_INVALID`
   */
  append(batch: RecordBatch, options?: LogCallOptions): Promise<RecordsWritten>;

  /**
   * What is on record under inquirers' own names of requests: the first branch; undefined where nothing is.
   */
  requests(
    requests: readonly { readonly inquirer: InstitutionCode; readonly requestId: string }[],
    options?: LogCallOptions,
  ): Promise<readonly (AccessRecord | undefined)[]>;

  /** The last branch of each serial number; undefined where there is none. */
  latest(
    serials: readonly number[],
    options?: LogCallOptions,
  ): Promise<readonly (AccessRecord | undefined)[]>;

  /**
   * All branches of a person's records in one period: the newest serial number first, its branches in their order. A page
   * holds all branches of its serial numbers; one with fewer serial numbers than `limit` is the last.
   */
  personRecords(page: PersonRecordsPage): Promise<readonly AccessRecord[]>;

  /** Rows by serial number and branch, whoever they are of: for checks, statistics and extraction. */
  records(page: RecordsPage): Promise<readonly AccessRecord[]>;

  /** All periods that rows are or were of, by their names. */
  periods(options?: LogCallOptions): Promise<readonly RecordPeriodState[]>;

  /**
   * Puts the rows of people under new record codes, in one transaction. From the first call on the period takes no new
   * record under a code of a lower generation than these, and its `leastGeneration` says so. For every 1,000 rows or
   * fewer, by serial number and branch, an entry `records.re-keyed` is appended with the rows' new digests (`period`,
   * `serials`, `branches`, `digests`, in one order). Passed over are old codes that no row stands under, so that again
   * changes nothing, old codes that came before in the batch, and pairs of equal codes. All rows are found before any is
   * changed: a new code may be somebody else's old one, but such a batch is not to be repeated.
   *
   * @returns rows that were put under new codes
   */
  rekey(pairs: RecordCodePairs, options?: LogCallOptions): Promise<number>;

  /**
   * Says that the rows of a period are found under the codes of a generation from now on, and no new record is taken
   * under one of a lower generation; with an entry `records.generation` (`period`, `generation`). `existed` when it is so
   * already; `conflict`, and no change, when the period is unknown or its generation is higher.
   */
  settleGeneration(
    period: string,
    generation: number,
    at: number,
    options?: LogCallOptions,
  ): Promise<'inserted' | 'existed' | 'conflict'>;

  /**
   * Erases rows of a period, in one transaction; the first time with an entry `records.erasing` (`period`), and each time
   * with an entry `records.erased` (`period`, `rows`) where any were erased. From the first call on the period takes no row.
   * The lowest serial numbers go first, of each the last branch first, so that what is left of a record has no gap.
   *
   * @returns rows that were erased; 0 when none is left, or the period is unknown
   */
  erase(erasure: RecordErasure): Promise<number>;
}
