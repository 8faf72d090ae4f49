import { Redacted } from '../../bytes/redacted.js';
import { linkKey, recordAudience } from '../../codes/key-names.js';
import { codeAt } from '../../codes/packed-codes.js';
import { Drain } from '../../lifecycle/drain.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { AccessRecord, type StoredRecord } from '../access-record.js';
import { checkMoment } from '../arguments.js';
import type { WriteOutcome } from '../calls.js';
import { checkDrafts, extendLog } from '../log-entries.js';
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
  checkAsked,
  checkErasure,
  checkLogHashPage,
  checkLogPage,
  checkPersonPage,
  checkRecordBatch,
  checkRecordCall,
  checkRecordPairs,
  checkRecordsPage,
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
import { draftsOfRekeying, planRecords, REKEYED_ROWS, requestKey } from '../record-writing.js';
import { MemoryLog } from './memory-log.js';

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
  /** Branches of each serial number, the first one first. */
  readonly #rows = new Map<number, StoredRecord[]>();
  /** First branches by the inquirer's own name of the request. */
  readonly #requests = new Map<string, StoredRecord>();
  /** Names of requests by serial number. */
  readonly #requestKeys = new Map<number, string>();
  /** Serial numbers of a person in a period, ascending, by period and record code. */
  readonly #people = new Map<string, number[]>();
  readonly #periods = new Map<string, Period>();
  #nextSerial = 1;

  append(batch: RecordBatch, options: LogCallOptions = {}): Promise<RecordsWritten> {
    return this.#run('append', options, () => {
      checkRecordBatch(batch);
      const latest = new Map<number, StoredRecord>();
      for (const { serial } of batch.branches ?? []) {
        const last = this.#rows.get(serial)?.at(-1);
        if (last !== undefined) latest.set(serial, last);
      }
      const requests = new Map<string, StoredRecord>();
      for (const { requestId, content } of batch.records ?? []) {
        const key = requestKey(content.inquirer, requestId);
        const known = this.#requests.get(key);
        if (known !== undefined) requests.set(key, known);
      }
      const before = {
        head: this.#log.head,
        nextSerial: this.#nextSerial,
        requests,
        latest,
        periods: this.#periods,
      };
      const { rows, log, nextSerial, periods, written } = planRecords(before, batch);
      for (const { request, ...row } of rows) {
        if (request !== undefined) {
          const key = requestKey(request.inquirer, request.requestId);
          this.#requests.set(key, row);
          this.#requestKeys.set(row.serial, key);
          this.#rows.set(row.serial, []);
          this.#serialsOf(row.period, row.recordCode).push(row.serial);
        }
        this.#rows.get(row.serial)?.push(row);
      }
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
      checkAsked(requests);
      return requests.map(({ inquirer, requestId }) =>
        recordOf(this.#requests.get(requestKey(inquirer, requestId))),
      );
    });
  }

  latest(
    serials: readonly number[],
    options: LogCallOptions = {},
  ): Promise<readonly (AccessRecord | undefined)[]> {
    return this.#run('latest', options, () => {
      checkSerials(serials);
      return serials.map((serial) => recordOf(this.#rows.get(serial)?.at(-1)));
    });
  }

  personRecords(page: PersonRecordsPage): Promise<readonly AccessRecord[]> {
    return this.#page(
      () => checkPersonPage(page),
      () => {
        const { period, recordCode, beforeSerial = Number.POSITIVE_INFINITY, limit } = page;
        const serials = this.#people.get(personKey(period, recordCode)) ?? [];
        const wanted = serials.filter((serial) => serial < beforeSerial).slice(-limit);
        return wanted
          .reverse()
          .flatMap((serial) => (this.#rows.get(serial) ?? []).map((row) => new AccessRecord(row)));
      },
    );
  }

  records(page: RecordsPage): Promise<readonly AccessRecord[]> {
    return this.#page(
      () => checkRecordsPage(page),
      () => {
        const { after = { serial: 0, branch: 0 }, limit } = page;
        const found: AccessRecord[] = [];
        for (
          let serial = Math.max(after.serial, 1);
          serial < this.#nextSerial && found.length < limit;
          serial++
        ) {
          for (const row of this.#rows.get(serial) ?? []) {
            const isAfter = serial > after.serial || row.branch > after.branch;
            if (isAfter && found.length < limit) found.push(new AccessRecord(row));
          }
        }
        return found;
      },
    );
  }

  periods(options: LogCallOptions = {}): Promise<readonly RecordPeriodState[]> {
    return this.#run('periods', options, () => {
      const rows = new Map<string, number>();
      for (const branches of this.#rows.values()) {
        for (const { period } of branches) rows.set(period, (rows.get(period) ?? 0) + 1);
      }
      return [...this.#periods]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([period, state]) => ({ period, ...state, rows: rows.get(period) ?? 0 }));
    });
  }

  rekey(pairs: RecordCodePairs, options: LogCallOptions = {}): Promise<number> {
    return this.#run('rekey', options, () => {
      const count = checkRecordPairs(pairs);
      const { period, generation, at } = pairs;
      const state = this.#periods.get(period);
      if (state === undefined) return 0;
      state.leastGeneration = Math.max(state.leastGeneration, generation);
      const serials: number[][] = [];
      // All old codes are let go before any new one is taken: a new code may be somebody else's old one.
      for (let k = 0; k < count; k++) {
        const key = personKey(period, codeAt(pairs.oldCodes, k));
        serials.push(this.#people.get(key) ?? []);
        this.#people.delete(key);
      }
      const changed: StoredRecord[] = [];
      serials.forEach((ofPerson, k) => {
        if (ofPerson.length === 0) return;
        const recordCode = new Uint8Array(codeAt(pairs.newCodes, k));
        this.#serialsOf(period, recordCode).push(...ofPerson);
        for (const serial of ofPerson) {
          changed.push(...(this.#rows.get(serial) ?? []).map((row) => ({ ...row, recordCode })));
        }
        this.#serialsOf(period, recordCode).sort((a, b) => a - b);
      });
      changed.sort((a, b) => a.serial - b.serial || a.branch - b.branch);
      const first = this.#log.head.size;
      this.#log.keep(extendLog(this.#log.head, draftsOfRekeying(period, changed), at));
      changed.forEach((row, k) => {
        this.#replace({ ...row, entry: first + Math.floor(k / REKEYED_ROWS) });
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
      this.#keep([{ event: 'records.generation', details: { generation, period } }], at);
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
        let rows = 0;
        for (const [serial, branches] of this.#rows) {
          if (rows >= limit || branches[0]?.period !== period) continue;
          rows += this.#eraseSome(serial, branches, limit - rows);
        }
        if (rows > 0) drafts.push({ event: 'records.erased', details: { period, rows } });
        this.#keep(drafts, at);
        return rows;
      },
    );
  }

  appendLog(drafts: readonly LogDraft[], at: number, options: LogCallOptions = {}): Promise<LogAppended> {
    return this.#run('appendLog', options, () => {
      checkDrafts(drafts);
      checkMoment('at', at);
      return this.#keep(drafts, at);
    });
  }

  logHead(options: LogCallOptions = {}): Promise<LogHead> {
    return this.#run('logHead', options, () => this.#log.head);
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
    return this.#run('addCheckpoint', options, () => this.#log.addCheckpoint(checkpoint));
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

  #keep(drafts: readonly LogDraft[], at: number): LogAppended {
    const first = this.#log.head.size;
    this.#log.keep(extendLog(this.#log.head, drafts, at));
    return { first, at: Math.max(at, this.#log.head.at) };
  }

  #serialsOf(period: string, recordCode: Uint8Array): number[] {
    const key = personKey(period, recordCode);
    let serials = this.#people.get(key);
    if (serials === undefined) {
      serials = [];
      this.#people.set(key, serials);
    }
    return serials;
  }

  #replace(row: StoredRecord): void {
    const branches = this.#rows.get(row.serial) as StoredRecord[];
    branches[row.branch - 1] = row;
    const key = this.#requestKeys.get(row.serial);
    if (key !== undefined && row.branch === 1) this.#requests.set(key, row);
  }

  /** The last branches first, so that what is left of a record has no gap. */
  #eraseSome(serial: number, branches: StoredRecord[], limit: number): number {
    const removed = branches.splice(Math.max(branches.length - limit, 0));
    if (branches.length > 0) return removed.length;
    this.#rows.delete(serial);
    this.#requests.delete(this.#requestKeys.get(serial) as string);
    this.#requestKeys.delete(serial);
    const { period, recordCode } = removed[0] as StoredRecord;
    const serials = this.#serialsOf(period, recordCode);
    serials.splice(serials.indexOf(serial), 1);
    if (serials.length === 0) this.#people.delete(personKey(period, recordCode));
    return removed.length;
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

function personKey(period: string, recordCode: Uint8Array): string {
  return `${period}/${Buffer.from(recordCode).toString('latin1')}`;
}
