import type { Database, Statement } from 'better-sqlite3';
import type { StoredRecord } from '../../access-record.js';
import type { WriteOutcome } from '../../calls.js';
import type { LogDraft } from '../../log-port.js';
import type { RecordBatch, RecordCodePairs, RecordErasure, RecordsWritten } from '../../record-port.js';
import {
  distinctPairs,
  draftsOfRekeying,
  planRecords,
  REKEYED_ROWS,
  requestKey,
} from '../../record-writing.js';
import { storedCount } from '../stored-values.js';
import type { LogRows } from './log-rows.js';
import type { RecordPeriods } from './record-periods.js';
import type { RecordRows } from './record-rows.js';

/** The tables that changes touch. */
export interface RecordTables {
  readonly log: LogRows;
  readonly rows: RecordRows;
  readonly periods: RecordPeriods;
}

/** What changes a record file. Each call belongs inside a transaction that holds the write lock, its arguments checked. */
export class RecordChanges {
  readonly #log: LogRows;
  readonly #rows: RecordRows;
  readonly #periods: RecordPeriods;
  readonly #nextSerial: Statement<[], unknown>;
  readonly #setNextSerial: Statement<[number]>;

  constructor(database: Database, { log, rows, periods }: RecordTables) {
    this.#log = log;
    this.#rows = rows;
    this.#periods = periods;
    this.#nextSerial = database.prepare<[], unknown>('SELECT next_serial FROM state WHERE id = 1').pluck();
    this.#setNextSerial = database.prepare('UPDATE state SET next_serial = ? WHERE id = 1');
  }

  append(batch: RecordBatch): RecordsWritten {
    const nextSerial = storedCount(this.#nextSerial.get(), 'serial number');
    const before = {
      head: this.#log.head(),
      nextSerial,
      requests: this.#requestsOf(batch),
      latest: this.#latestOf(batch),
      periods: this.#periods.all(),
    };
    const planned = planRecords(before, batch);
    const counts = new Map<string, number>();
    for (const row of planned.rows) {
      this.#rows.insert(row);
      counts.set(row.period, (counts.get(row.period) ?? 0) + 1);
    }
    for (const [period, generation] of planned.periods) this.#periods.add(period, generation, nextSerial);
    for (const [period, rows] of counts) this.#periods.count(period, rows);
    this.#log.keep(planned.log);
    if (planned.nextSerial !== nextSerial) this.#setNextSerial.run(planned.nextSerial);
    return planned.written;
  }

  rekey(pairs: RecordCodePairs): number {
    const { period, generation, at } = pairs;
    if (!this.#periods.all().has(period)) return 0;
    this.#periods.raise(period, generation);
    // All rows are found before any is moved: a new code may be somebody else's old one.
    const changed: StoredRecord[] = [];
    for (const { oldCode, newCode } of distinctPairs(pairs)) {
      for (const row of this.#rows.ofPerson(period, oldCode)) changed.push({ ...row, recordCode: newCode });
    }
    changed.sort((a, b) => a.serial - b.serial || a.branch - b.branch);
    const { first } = this.#log.append(draftsOfRekeying(period, changed), at);
    changed.forEach((row, k) => {
      this.#rows.rekey({ ...row, entry: first + Math.floor(k / REKEYED_ROWS) });
    });
    return changed.length;
  }

  settleGeneration(period: string, generation: number, at: number): WriteOutcome {
    const known = this.#periods.all().get(period);
    if (known === undefined || known.generation > generation) return 'conflict';
    if (known.generation === generation) return 'existed';
    this.#periods.raise(period, generation);
    this.#periods.settle(period, generation);
    this.#log.append([{ event: 'records.generation', details: { generation, period } }], at);
    return 'inserted';
  }

  erase({ period, limit, at }: RecordErasure): number {
    const known = this.#periods.all().get(period);
    if (known === undefined) return 0;
    const { rows, serial } = this.#rows.erase(period, known.firstSerial, limit);
    this.#periods.erase(period, rows, serial);
    const drafts: LogDraft[] = [];
    if (!known.erased) drafts.push({ event: 'records.erasing', details: { period } });
    if (rows > 0) drafts.push({ event: 'records.erased', details: { period, rows } });
    this.#log.append(drafts, at);
    return rows;
  }

  #requestsOf({ records = [] }: RecordBatch): Map<string, StoredRecord> {
    const known = new Map<string, StoredRecord>();
    for (const { requestId, content } of records) {
      const row = this.#rows.ofRequest(content.inquirer, requestId);
      if (row !== undefined) known.set(requestKey(content.inquirer, requestId), row);
    }
    return known;
  }

  #latestOf({ branches = [] }: RecordBatch): Map<number, StoredRecord> {
    const latest = new Map<number, StoredRecord>();
    for (const { serial } of branches) {
      const row = latest.has(serial) ? undefined : this.#rows.latest(serial);
      if (row !== undefined) latest.set(serial, row);
    }
    return latest;
  }
}
