import { Redacted } from '../../bytes/redacted.js';
import { linkKey, recordAudience } from '../../codes/key-names.js';
import { Drain } from '../../lifecycle/drain.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { AccessRecord, type StoredRecord } from '../access-record.js';
import { checkMoment } from '../arguments.js';
import type { WriteOutcome } from '../calls.js';
import { checkDrafts } from '../log-entries.js';
import type {
  LogAppended,
  LogCallOptions,
  LogDraft,
  LogHashPage,
  LogHead,
  LogPage,
  StoredCheckpoint,
} from '../log-port.js';
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
} from '../record-arguments.js';
import type {
  PersonRecordsPage,
  RecordBatch,
  RecordCodePairs,
  RecordErasure,
  RecordPeriodState,
  RecordStore,
  RecordsPage,
  RecordsWritten,
} from '../record-port.js';
import { distinctPairs, draftsOfRekeying, planRecords, REKEYED_ROWS, requestKey } from '../record-writing.js';
import { MemoryLog } from './memory-log.js';
import { MemoryRecords } from './memory-records.js';

/** A record file in process memory, with its log: for development and tests. It is gone with the process. */
export function createMemoryRecordStore(): RecordStore {
  return new MemoryRecordStore();
}

interface Period {
  generation: number;
  leastGeneration: number;
  erased: boolean;
}

class MemoryRecordStore extends Redacted implements RecordStore {
  readonly #drain = new Drain('record store', 'STORE_CLOSED');
  readonly #log = new MemoryLog();
  readonly #rows = new MemoryRecords();
  readonly #periods = new Map<string, Period>();
  #nextSerial = 1;

  append(batch: RecordBatch, options: LogCallOptions = {}): Promise<RecordsWritten> {
    return this.#run('append', options, () => {
      checkRecordBatch(batch);
      const { records = [], branches = [] } = batch;
      const requests = new Map<string, StoredRecord>();
      for (const { requestId, content } of records) {
        const row = this.#rows.ofRequest(content.inquirer, requestId);
        if (row !== undefined) requests.set(requestKey(content.inquirer, requestId), row);
      }
      const latest = new Map<number, StoredRecord>();
      for (const { serial } of branches) {
        const row = this.#rows.latest(serial);
        if (row !== undefined) latest.set(serial, row);
      }
      const [head, serial] = [this.#log.head, this.#nextSerial];
      const before = { head, nextSerial: serial, requests, latest, periods: this.#periods };
      const { rows, log, nextSerial, periods, written } = planRecords(before, batch);
      for (const row of rows) this.#rows.keep(row);
      for (const [period, generation] of periods) {
        this.#periods.set(period, { generation, leastGeneration: generation, erased: false });
      }
      this.#nextSerial = nextSerial;
      this.#log.keep(log);
      return written;
    });
  }

  requests(
    requests: readonly { readonly inquirer: InstitutionCode; readonly requestId: string }[],
    options: LogCallOptions = {},
  ): Promise<readonly (AccessRecord | undefined)[]> {
    return this.#run('requests', options, () => {
      checkRequests(requests);
      return requests.map(({ inquirer, requestId }) => recordOf(this.#rows.ofRequest(inquirer, requestId)));
    });
  }

  latest(
    serials: readonly number[],
    options: LogCallOptions = {},
  ): Promise<readonly (AccessRecord | undefined)[]> {
    return this.#run('latest', options, () => {
      checkSerials(serials);
      return serials.map((serial) => recordOf(this.#rows.latest(serial)));
    });
  }

  personRecords(page: PersonRecordsPage): Promise<readonly AccessRecord[]> {
    return this.#page(
      () => checkPersonPage(page),
      () => this.#rows.ofPerson(page).map((row) => new AccessRecord(row)),
    );
  }

  records(page: RecordsPage): Promise<readonly AccessRecord[]> {
    return this.#page(
      () => checkRecordsPage(page),
      () => this.#rows.page(page).map((row) => new AccessRecord(row)),
    );
  }

  periods(options: LogCallOptions = {}): Promise<readonly RecordPeriodState[]> {
    return this.#run('periods', options, () =>
      [...this.#periods]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([period, state]) => ({ period, ...state, rows: this.#rows.count(period) })),
    );
  }

  rekey(pairs: RecordCodePairs, options: LogCallOptions = {}): Promise<number> {
    return this.#run('rekey', options, () => {
      checkRecordPairs(pairs);
      const { period, generation, at } = pairs;
      const state = this.#periods.get(period);
      if (state === undefined) return 0;
      state.leastGeneration = Math.max(state.leastGeneration, generation);
      // All old codes are let go before any new one is taken: a new code may be somebody else's old one.
      const changed = this.#rows.release(period, distinctPairs(pairs));
      const { first } = this.#log.append(draftsOfRekeying(period, changed), at);
      changed.forEach((row, k) => {
        this.#rows.settle({ ...row, entry: first + Math.floor(k / REKEYED_ROWS) });
      });
      return changed.length;
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
      const state = this.#periods.get(period);
      if (state === undefined || state.generation > generation) return 'conflict';
      if (state.generation === generation) return 'existed';
      state.generation = generation;
      state.leastGeneration = Math.max(state.leastGeneration, generation);
      this.#log.append([{ event: 'records.generation', details: { generation, period } }], at);
      return 'inserted';
    });
  }

  erase(erasure: RecordErasure): Promise<number> {
    return this.#page(
      () => checkErasure(erasure),
      () => {
        const { period, limit, at } = erasure;
        const state = this.#periods.get(period);
        if (state === undefined) return 0;
        const drafts: LogDraft[] = [];
        if (!state.erased) drafts.push({ event: 'records.erasing', details: { period } });
        state.erased = true;
        const rows = this.#rows.erase(period, limit);
        if (rows > 0) drafts.push({ event: 'records.erased', details: { period, rows } });
        this.#log.append(drafts, at);
        return rows;
      },
    );
  }

  appendLog(drafts: readonly LogDraft[], at: number, options: LogCallOptions = {}): Promise<LogAppended> {
    return this.#run('appendLog', options, () => {
      checkDrafts(drafts);
      checkMoment('at', at);
      return this.#log.append(drafts, at);
    });
  }

  logHead(options: LogCallOptions = {}): Promise<LogHead> {
    return this.#run('logHead', options, () => structuredClone(this.#log.head));
  }

  logEntries(page: LogPage): Promise<readonly string[]> {
    return this.#page(
      () => checkLogPage(page),
      () => this.#log.entries(page),
    );
  }

  logHashes(page: LogHashPage): Promise<Uint8Array> {
    return this.#page(
      () => checkLogHashPage(page),
      () => this.#log.hashes(page),
    );
  }

  addCheckpoint(checkpoint: StoredCheckpoint, options: LogCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('addCheckpoint', options, () => {
      checkCheckpoint(checkpoint);
      return this.#log.addCheckpoint(checkpoint);
    });
  }

  checkpoints(page: LogPage): Promise<readonly StoredCheckpoint[]> {
    return this.#page(
      () => checkLogPage(page),
      () => this.#log.checkpoints(page),
    );
  }

  lastCheckpoint(options: LogCallOptions = {}): Promise<StoredCheckpoint | undefined> {
    return this.#run('lastCheckpoint', options, () => this.#log.lastCheckpoint);
  }

  close(): Promise<void> {
    return this.#drain.close(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run<T>(call: string, options: LogCallOptions, action: () => T): Promise<T> {
    return this.#page(() => checkRecordCall(call, options), action);
  }

  #page<T>(check: () => void, action: () => T): Promise<T> {
    return this.#drain.run(() => {
      check();
      return action();
    });
  }
}

function recordOf(row: StoredRecord | undefined): AccessRecord | undefined {
  return row === undefined ? undefined : new AccessRecord(row);
}
