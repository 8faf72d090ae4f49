import { Redacted } from '../../../bytes/redacted.js';
import { linkKey, recordAudience } from '../../../codes/key-names.js';
import { Drain } from '../../../lifecycle/drain.js';
import type { InstitutionCode } from '../../../subjects/institution-code.js';
import type { AccessRecord } from '../../access-record.js';
import { checkMoment } from '../../arguments.js';
import type { WriteOutcome } from '../../calls.js';
import { checkDrafts } from '../../log-entries.js';
import type {
  LogAppended,
  LogCallOptions,
  LogDraft,
  LogHashPage,
  LogHead,
  LogPage,
  StoredCheckpoint,
} from '../../log-port.js';
import {
  checkCheckpoint,
  checkErasure,
  checkLogHashPage,
  checkLogPage,
  checkPersonPage,
  checkRecordBatch,
  checkRecordCall,
  checkRecordPairs,
  checkRecordsPage,
  checkRequests,
  checkSerials,
} from '../../record-arguments.js';
import type {
  PersonRecordsPage,
  RecordBatch,
  RecordCodePairs,
  RecordErasure,
  RecordPeriodState,
  RecordStore,
  RecordsPage,
  RecordsWritten,
} from '../../record-port.js';
import { type Connections, connectionsTo } from '../connections.js';
import { checkServerOptions, type PostgresRecordStoreOptions } from '../options.js';
import { transact } from '../transact.js';
import type { Transaction } from '../transaction.js';
import { append } from './appending.js';
import { type FileState, RECORD_LAYOUT } from './file-state.js';
import { addCheckpoint, appendLog, checkpoints, lastCheckpoint, logEntries, logHashes } from './log.js';
import { erase, settleGeneration } from './periods.js';
import { latest, personRecords, records, requests } from './reading.js';
import { rekey } from './rekeying.js';
import { prepareRecordSchema } from './schema.js';

const CALL = 'openPostgresRecordStore';

/**
 * Opens a record file (情報提供等記録ファイル), which is the operation log too, in a PostgreSQL database; makes its tables
 * when they are not there, unless `create` is false. A batch is one transaction, on the server's disk when its promise
 * resolves. Many processes may have the file open: they write one after the other, and nobody who reads waits for them.
 * Reads go to the primary too: a standby lags behind, and would say that a request is not on record.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `STORE_SCHEMA`, `STORE_NOT_DURABLE`, `STORE_CORRUPT` or
 *   `STORE_FAULT`
 */
export async function openPostgresRecordStore(options: PostgresRecordStoreOptions): Promise<RecordStore> {
  const settings = checkServerOptions(CALL, options, 'renkei_records');
  const to = (poolSize: number) =>
    connectionsTo(CALL, options.connection, { ...settings, poolSize }, RECORD_LAYOUT);
  const readers = to(Math.max(settings.poolSize - 1, 1));
  // One connection writes, since one writer works at a time: calls that wait for it leave the others to those who read.
  const writer = settings.poolSize === 1 ? readers : to(1);
  try {
    await prepareRecordSchema(writer, settings);
    return new PostgresRecordStore(readers, writer);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

class PostgresRecordStore extends Redacted implements RecordStore {
  readonly #readers: Connections<FileState>;
  readonly #writer: Connections<FileState>;
  readonly #drain = new Drain('record store', 'STORE_CLOSED');

  constructor(readers: Connections<FileState>, writer: Connections<FileState>) {
    super();
    this.#readers = readers;
    this.#writer = writer;
  }

  append(batch: RecordBatch, options: LogCallOptions = {}): Promise<RecordsWritten> {
    return this.#run('append', options, () => {
      checkRecordBatch(batch);
      return this.#write('appending', options, (transaction) => append(transaction, batch));
    });
  }

  requests(
    asked: readonly { readonly inquirer: InstitutionCode; readonly requestId: string }[],
    options: LogCallOptions = {},
  ): Promise<readonly (AccessRecord | undefined)[]> {
    return this.#run('requests', options, () => {
      checkRequests(asked);
      return this.#read('finding requests', options, (transaction) => requests(transaction, asked));
    });
  }

  latest(
    serials: readonly number[],
    options: LogCallOptions = {},
  ): Promise<readonly (AccessRecord | undefined)[]> {
    return this.#run('latest', options, () => {
      checkSerials(serials);
      return this.#read('finding last branches', options, (transaction) => latest(transaction, serials));
    });
  }

  personRecords(page: PersonRecordsPage): Promise<readonly AccessRecord[]> {
    return this.#drain.run(() => {
      checkPersonPage(page);
      return this.#read("reading a person's records", page, (transaction) =>
        personRecords(transaction, page),
      );
    });
  }

  records(page: RecordsPage): Promise<readonly AccessRecord[]> {
    return this.#drain.run(() => {
      checkRecordsPage(page);
      return this.#read('reading records', page, (transaction) => records(transaction, page));
    });
  }

  periods(options: LogCallOptions = {}): Promise<readonly RecordPeriodState[]> {
    return this.#run('periods', options, () =>
      this.#read('reading periods', options, async ({ situation }) => situation.periods),
    );
  }

  rekey(pairs: RecordCodePairs, options: LogCallOptions = {}): Promise<number> {
    return this.#run('rekey', options, () => {
      checkRecordPairs(pairs);
      return this.#write('re-keying', options, (transaction) => rekey(transaction, pairs));
    });
  }

  settleGeneration(
    period: string,
    generation: number,
    at: number,
    options: LogCallOptions = {},
  ): Promise<WriteOutcome> {
    return this.#run('settleGeneration', options, () => {
      recordAudience(period);
      linkKey(generation);
      checkMoment('at', at);
      return this.#write('settling a generation', options, (transaction) =>
        settleGeneration(transaction, period, generation, at),
      );
    });
  }

  erase(erasure: RecordErasure): Promise<number> {
    return this.#drain.run(() => {
      checkErasure(erasure);
      return this.#write('erasing', erasure, (transaction) => erase(transaction, erasure));
    });
  }

  appendLog(drafts: readonly LogDraft[], at: number, options: LogCallOptions = {}): Promise<LogAppended> {
    return this.#run('appendLog', options, () => {
      checkDrafts(drafts);
      checkMoment('at', at);
      return this.#write('appending to the log', options, (transaction) =>
        appendLog(transaction, drafts, at),
      );
    });
  }

  logHead(options: LogCallOptions = {}): Promise<LogHead> {
    return this.#run('logHead', options, () =>
      this.#read('reading the end of the log', options, async ({ situation }) => situation.head),
    );
  }

  logEntries(page: LogPage): Promise<readonly string[]> {
    return this.#drain.run(() => {
      checkLogPage(page);
      return this.#read('reading the log', page, (transaction) => logEntries(transaction, page));
    });
  }

  logHashes(page: LogHashPage): Promise<Uint8Array> {
    return this.#drain.run(() => {
      checkLogHashPage(page);
      return this.#read('reading hashes', page, (transaction) => logHashes(transaction, page));
    });
  }

  addCheckpoint(checkpoint: StoredCheckpoint, options: LogCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('addCheckpoint', options, () => {
      checkCheckpoint(checkpoint);
      return this.#write('keeping a checkpoint', options, (transaction) =>
        addCheckpoint(transaction, checkpoint),
      );
    });
  }

  checkpoints(page: LogPage): Promise<readonly StoredCheckpoint[]> {
    return this.#drain.run(() => {
      checkLogPage(page);
      return this.#read('reading checkpoints', page, (transaction) => checkpoints(transaction, page));
    });
  }

  lastCheckpoint(options: LogCallOptions = {}): Promise<StoredCheckpoint | undefined> {
    return this.#run('lastCheckpoint', options, () =>
      this.#read('reading the last checkpoint', options, lastCheckpoint),
    );
  }

  close(): Promise<void> {
    return this.#drain.close(async () => {
      await this.#readers.close();
      if (this.#writer !== this.#readers) await this.#writer.close();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run<T>(call: string, options: LogCallOptions, action: () => Promise<T>): Promise<T> {
    return this.#drain.run(() => {
      checkRecordCall(call, options);
      return action();
    });
  }

  #read<T>(
    during: string,
    { signal }: LogCallOptions,
    work: (transaction: Transaction<FileState>) => Promise<T>,
  ): Promise<T> {
    return transact(this.#readers, { kind: 'read', during, signal }, work);
  }

  #write<T>(
    during: string,
    { signal }: LogCallOptions,
    work: (transaction: Transaction<FileState>) => Promise<T>,
  ): Promise<T> {
    return transact(this.#writer, { kind: 'alone', during, signal }, work);
  }
}
