import type { Database } from 'better-sqlite3';
import { Redacted } from '../../../bytes/redacted.js';
import { linkKey, recordAudience } from '../../../codes/key-names.js';
import { Drain } from '../../../lifecycle/drain.js';
import type { InstitutionCode } from '../../../subjects/institution-code.js';
import { AccessRecord, type StoredRecord } from '../../access-record.js';
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
import { storeError, storing } from '../faults.js';
import { openDatabase } from '../open-database.js';
import { checkSqliteOptions, type SqliteStoreOptions } from '../sqlite-store-options.js';
import { Transactions } from '../transactions.js';
import { LogRows } from './log-rows.js';
import { RecordChanges } from './record-changes.js';
import { RecordPeriods } from './record-periods.js';
import { RecordRows } from './record-rows.js';
import { RECORD_SCHEMA } from './record-schema.js';

/**
 * Opens a record file with its operation log in one SQLite file of its own. Every call that writes is one transaction, on
 * disk when its promise resolves (write-ahead log, `synchronous = FULL`); several processes may have the file open. SQLite
 * works on the calling thread: a batch of 1,000 records holds the event loop for some tens of milliseconds.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `STORE_SCHEMA`, `STORE_CORRUPT` or `STORE_FAULT`
 */
export async function openSqliteRecordStore(options: SqliteStoreOptions): Promise<RecordStore> {
  const settings = checkSqliteOptions('openSqliteRecordStore', options);
  return storing('opening the record file', () => {
    const database = openDatabase(RECORD_SCHEMA, settings);
    try {
      return new SqliteRecordStore(database);
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

class SqliteRecordStore extends Redacted implements RecordStore {
  readonly #database: Database;
  readonly #drain = new Drain('record store', 'STORE_CLOSED');
  readonly #transactions: Transactions;
  readonly #log: LogRows;
  readonly #rows: RecordRows;
  readonly #periods: RecordPeriods;
  readonly #changes: RecordChanges;

  constructor(database: Database) {
    super();
    this.#database = database;
    // What is erased, or put under another code, is overwritten and not only let go.
    database.pragma('secure_delete = ON');
    this.#transactions = new Transactions(database);
    this.#log = new LogRows(database);
    this.#rows = new RecordRows(database);
    this.#periods = new RecordPeriods(database);
    this.#changes = new RecordChanges(database, { log: this.#log, rows: this.#rows, periods: this.#periods });
  }

  append(batch: RecordBatch, options: LogCallOptions = {}): Promise<RecordsWritten> {
    const check = () => {
      checkRecordCall('append', options);
      checkRecordBatch(batch);
    };
    return this.#write('append', check, () => this.#changes.append(batch));
  }

  requests(
    requests: readonly { readonly inquirer: InstitutionCode; readonly requestId: string }[],
    options: LogCallOptions = {},
  ): Promise<readonly (AccessRecord | undefined)[]> {
    const check = () => {
      checkRecordCall('requests', options);
      checkRequests(requests);
    };
    return this.#read('requests', check, () =>
      requests.map(({ inquirer, requestId }) => recordOf(this.#rows.ofRequest(inquirer, requestId))),
    );
  }

  latest(
    serials: readonly number[],
    options: LogCallOptions = {},
  ): Promise<readonly (AccessRecord | undefined)[]> {
    const check = () => {
      checkRecordCall('latest', options);
      checkSerials(serials);
    };
    return this.#read('latest', check, () => serials.map((serial) => recordOf(this.#rows.latest(serial))));
  }

  personRecords(page: PersonRecordsPage): Promise<readonly AccessRecord[]> {
    const check = () => checkPersonPage(page);
    return this.#read('personRecords', check, () => {
      const { period, recordCode, beforeSerial, limit } = page;
      return this.#rows.ofPerson(period, recordCode, beforeSerial, limit).map((row) => new AccessRecord(row));
    });
  }

  records(page: RecordsPage): Promise<readonly AccessRecord[]> {
    const check = () => checkRecordsPage(page);
    return this.#read('records', check, () => this.#rows.page(page).map((row) => new AccessRecord(row)));
  }

  periods(options: LogCallOptions = {}): Promise<readonly RecordPeriodState[]> {
    const check = () => checkRecordCall('periods', options);
    return this.#read('periods', check, () =>
      [...this.#periods.all().values()].map(({ firstSerial, ...period }) => period),
    );
  }

  rekey(pairs: RecordCodePairs, options: LogCallOptions = {}): Promise<number> {
    const check = () => {
      checkRecordCall('rekey', options);
      checkRecordPairs(pairs);
    };
    return this.#write('rekey', check, () => this.#changes.rekey(pairs));
  }

  settleGeneration(
    period: string,
    generation: number,
    at: number,
    options: LogCallOptions = {},
  ): Promise<WriteOutcome> {
    const check = () => {
      checkRecordCall('settleGeneration', options);
      recordAudience(period);
      linkKey(generation);
      checkMoment('at', at);
    };
    return this.#write('settleGeneration', check, () =>
      this.#changes.settleGeneration(period, generation, at),
    );
  }

  erase(erasure: RecordErasure): Promise<number> {
    return this.#write(
      'erase',
      () => checkErasure(erasure),
      () => this.#changes.erase(erasure),
    );
  }

  appendLog(drafts: readonly LogDraft[], at: number, options: LogCallOptions = {}): Promise<LogAppended> {
    const check = () => {
      checkRecordCall('appendLog', options);
      checkDrafts(drafts);
      checkMoment('at', at);
    };
    return this.#write('appendLog', check, () => this.#log.append(drafts, at));
  }

  logHead(options: LogCallOptions = {}): Promise<LogHead> {
    const check = () => checkRecordCall('logHead', options);
    return this.#read('logHead', check, () => this.#log.head());
  }

  logEntries(page: LogPage): Promise<readonly string[]> {
    const check = () => checkLogPage(page);
    return this.#read('logEntries', check, () => this.#log.entries(page));
  }

  logHashes(page: LogHashPage): Promise<Uint8Array> {
    const check = () => checkLogHashPage(page);
    return this.#read('logHashes', check, () => this.#log.hashes(page));
  }

  addCheckpoint(checkpoint: StoredCheckpoint, options: LogCallOptions = {}): Promise<WriteOutcome> {
    const check = () => {
      checkRecordCall('addCheckpoint', options);
      checkCheckpoint(checkpoint);
    };
    return this.#write('addCheckpoint', check, () => this.#log.addCheckpoint(checkpoint));
  }

  checkpoints(page: LogPage): Promise<readonly StoredCheckpoint[]> {
    const check = () => checkLogPage(page);
    return this.#read('checkpoints', check, () => this.#log.checkpoints(page));
  }

  lastCheckpoint(options: LogCallOptions = {}): Promise<StoredCheckpoint | undefined> {
    const check = () => checkRecordCall('lastCheckpoint', options);
    return this.#read('lastCheckpoint', check, () => this.#log.lastCheckpoint());
  }

  close(): Promise<void> {
    return this.#drain.close(() =>
      storing('closing the record file', () => {
        this.#database.close();
      }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read<T>(call: string, check: () => void, action: () => T): Promise<T> {
    return this.#run(call, check, () => this.#transactions.read({}, action));
  }

  #write<T>(call: string, check: () => void, action: () => T): Promise<T> {
    return this.#run(call, check, () => this.#transactions.write({}, action));
  }

  #run<T>(call: string, check: () => void, action: () => T): Promise<T> {
    return this.#drain.run(() => {
      check();
      try {
        return action();
      } catch (error) {
        throw storeError(call, error);
      }
    });
  }
}

function recordOf(row: StoredRecord | undefined): AccessRecord | undefined {
  return row === undefined ? undefined : new AccessRecord(row);
}
