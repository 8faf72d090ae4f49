import { createHash } from 'node:crypto';
import { RenkeiError } from '../errors/renkei-error.js';
import { canonicalJson } from '../signatures/canonical-json.js';
import { MerkleTree } from '../signatures/merkle-tree.js';
import type { RecordOrigin } from '../stores/access-record.js';
import type { LogAppended, LogDraft, LogHead, LogPage, StoredCheckpoint } from '../stores/log-port.js';
import type {
  AccessRecord,
  NewBranchOutcome,
  NewRecordOutcome,
  PersonRecordsPage,
  RecordBatch,
  RecordCodePairs,
  RecordContent,
  RecordErasure,
  RecordPeriodState,
  RecordStore,
  RecordsPage,
  RecordsWritten,
} from '../stores/record-port.js';
import { hex, hexRows } from './answers.js';

/** What a random walk asks of a record file. */
export type WalkedRecordFile = Pick<
  RecordStore,
  | 'append'
  | 'requests'
  | 'latest'
  | 'personRecords'
  | 'records'
  | 'periods'
  | 'rekey'
  | 'settleGeneration'
  | 'erase'
  | 'appendLog'
  | 'logHead'
  | 'logEntries'
  | 'addCheckpoint'
  | 'checkpoints'
  | 'lastCheckpoint'
>;

interface Row {
  readonly serial: number;
  readonly branch: number;
  readonly period: string;
  code: string;
  entry: number;
  readonly at: number;
  readonly content: RecordContent;
  readonly request: string;
  readonly origin: RecordOrigin | undefined;
}

interface Period {
  generation: number;
  leastGeneration: number;
  erased: boolean;
}

const REKEYED_ROWS = 1_000;

/** A record file as plainly as it can be written: lists that are looked through from end to end. */
export class ModelRecordFile implements WalkedRecordFile {
  #rows: Row[] = [];
  readonly #texts: string[] = [];
  readonly #periods = new Map<string, Period>();
  readonly #notes: StoredCheckpoint[] = [];
  #serials = 0;
  #at = 0;

  async append({ at, records = [], branches = [], drafts = [] }: RecordBatch): Promise<RecordsWritten> {
    const [rows, periods, serials] = [[...this.#rows], new Map(this.#periods), this.#serials];
    const moment = Math.max(at, this.#at);
    const added: Row[] = [];
    const add = (row: Omit<Row, 'entry' | 'at'>) => {
      if (periods.get(row.period)?.erased)
        throw new RenkeiError('RECORD_PERIOD_RETIRED', 'it has been erased');
      const whole = { ...row, entry: this.#texts.length + drafts.length + added.length, at: moment };
      added.push(whole);
      rows.push(whole);
      return record(whole);
    };
    let serial = serials;
    const newRecords = records.map(
      ({ requestId, period, generation, recordCode, content }): NewRecordOutcome => {
        const request = `${content.inquirer}/${requestId}`;
        const known = rows.find((row) => row.branch === 1 && row.request === request);
        if (known !== undefined) return { outcome: 'existed', record: record(known) };
        const state = periods.get(period) ?? { generation, leastGeneration: generation, erased: false };
        if (generation < state.leastGeneration) throw new RenkeiError('KEYS_CHANGED', 'a code of before');
        periods.set(period, state);
        serial++;
        return {
          outcome: 'inserted',
          record: add({
            serial,
            branch: 1,
            period,
            code: hex(recordCode),
            content,
            request,
            origin: { requestId, generation },
          }),
        };
      },
    );
    const ofBranches: LogDraft[] = [];
    const newBranches = branches.map(({ serial, branch, content, draft }): NewBranchOutcome => {
      const last = rows.filter((row) => row.serial === serial).at(-1);
      if (last?.branch !== branch - 1) return { outcome: 'conflict' };
      if (draft !== undefined) ofBranches.push(draft);
      return { outcome: 'inserted', record: add({ ...last, branch, content, origin: undefined }) };
    });
    this.#rows = rows.sort((a, b) => a.serial - b.serial || a.branch - b.branch);
    for (const [period, state] of periods) this.#periods.set(period, state);
    this.#serials = serial;
    const ofRows = added.map((row): LogDraft => {
      const { branch, period, serial } = row;
      return { event: 'record', details: { branch, digest: digest(row), period, serial } };
    });
    this.#log([...drafts, ...ofRows, ...ofBranches], at);
    return { records: newRecords, branches: newBranches };
  }

  async requests(requests: Parameters<RecordStore['requests']>[0]) {
    return requests.map(({ inquirer, requestId }) =>
      recordOf(this.#rows.find((row) => row.branch === 1 && row.request === `${inquirer}/${requestId}`)),
    );
  }

  async latest(serials: readonly number[]) {
    return serials.map((serial) => recordOf(this.#rows.filter((row) => row.serial === serial).at(-1)));
  }

  async personRecords({ period, recordCode, beforeSerial = Infinity, limit }: PersonRecordsPage) {
    const ofPerson = this.#rows.filter(
      (row) => row.period === period && row.code === hex(recordCode) && row.serial < beforeSerial,
    );
    const serials = [...new Set(ofPerson.map(({ serial }) => serial))].reverse().slice(0, limit);
    return serials.flatMap((serial) => ofPerson.filter((row) => row.serial === serial).map(record));
  }

  async records({ after = { serial: 0, branch: 0 }, limit }: RecordsPage) {
    const { serial, branch } = after;
    const wanted = this.#rows.filter(
      (row) => row.serial > serial || (row.serial === serial && row.branch > branch),
    );
    return wanted.slice(0, limit).map(record);
  }

  async periods(): Promise<readonly RecordPeriodState[]> {
    return [...this.#periods]
      .map(([period, state]) => ({
        period,
        ...state,
        rows: this.#rows.filter((row) => row.period === period).length,
      }))
      .sort((a, b) => (a.period < b.period ? -1 : 1));
  }

  async rekey({ period, oldCodes, newCodes, generation, at }: RecordCodePairs): Promise<number> {
    const state = this.#periods.get(period);
    if (state === undefined) return 0;
    state.leastGeneration = Math.max(state.leastGeneration, generation);
    const [olds, news] = [hexRows(oldCodes), hexRows(newCodes)];
    const moving = this.#rows.flatMap((row) => {
      const place = row.period === period ? olds.indexOf(row.code) : -1;
      return place === -1 || news[place] === row.code ? [] : [{ row, code: news[place] as string }];
    });
    moving.forEach(({ row, code }, k) => {
      row.code = code;
      row.entry = this.#texts.length + Math.floor(k / REKEYED_ROWS);
    });
    const drafts: LogDraft[] = [];
    for (let k = 0; k < moving.length; k += REKEYED_ROWS) {
      const rows = moving.slice(k, k + REKEYED_ROWS).map(({ row }) => row);
      const [serials, branches] = [rows.map(({ serial }) => serial), rows.map(({ branch }) => branch)];
      drafts.push({
        event: 'records.re-keyed',
        details: { period, serials, branches, digests: rows.map(digest) },
      });
    }
    this.#log(drafts, at);
    return moving.length;
  }

  async settleGeneration(period: string, generation: number, at: number) {
    const state = this.#periods.get(period);
    if (state === undefined || state.generation > generation) return 'conflict' as const;
    if (state.generation === generation) return 'existed' as const;
    state.generation = generation;
    state.leastGeneration = Math.max(state.leastGeneration, generation);
    this.#log([{ event: 'records.generation', details: { period, generation } }], at);
    return 'inserted' as const;
  }

  async erase({ period, limit, at }: RecordErasure): Promise<number> {
    const state = this.#periods.get(period);
    if (state === undefined) return 0;
    const drafts: LogDraft[] = state.erased ? [] : [{ event: 'records.erasing', details: { period } }];
    state.erased = true;
    const erased = this.#rows
      .filter((row) => row.period === period)
      .sort((a, b) => a.serial - b.serial || b.branch - a.branch)
      .slice(0, limit);
    this.#rows = this.#rows.filter((row) => !erased.includes(row));
    if (erased.length > 0) drafts.push({ event: 'records.erased', details: { period, rows: erased.length } });
    this.#log(drafts, at);
    return erased.length;
  }

  async appendLog(drafts: readonly LogDraft[], at: number): Promise<LogAppended> {
    const appended = { first: this.#texts.length, at: Math.max(at, this.#at) };
    this.#log(drafts, at);
    return appended;
  }

  async logHead(): Promise<LogHead> {
    const tree = new MerkleTree();
    for (const text of this.#texts) tree.append(Buffer.from(text));
    const last = Uint8Array.from(Buffer.from(this.#last(), 'hex'));
    return { size: tree.size, at: this.#at, last, subtrees: tree.subtrees };
  }

  async logEntries({ from, limit }: LogPage) {
    return this.#texts.slice(from, from + limit);
  }

  async addCheckpoint({ size, note }: StoredCheckpoint) {
    const same = this.#notes.find((known) => known.size === size);
    if (same !== undefined) return same.note === note ? ('existed' as const) : ('conflict' as const);
    if (this.#notes.some((known) => known.size > size)) return 'conflict' as const;
    this.#notes.push({ size, note });
    return 'inserted' as const;
  }

  async checkpoints({ from, limit }: LogPage) {
    return this.#notes.filter(({ size }) => size >= from).slice(0, limit);
  }

  async lastCheckpoint() {
    return this.#notes.at(-1);
  }

  #log(drafts: readonly LogDraft[], at: number): void {
    if (drafts.length === 0) return;
    this.#at = Math.max(at, this.#at);
    for (const { event, details = {} } of drafts) {
      const [index, previous] = [this.#texts.length, this.#last()];
      this.#texts.push(
        canonicalJson({ at: new Date(this.#at).toISOString(), details, event, index, previous }),
      );
    }
  }

  #last(): string {
    const text = this.#texts.at(-1);
    if (text === undefined) return '0'.repeat(64);
    return createHash('sha256').update(Uint8Array.of(0)).update(text).digest('hex');
  }
}

function digest({ serial, branch, period, code, at, content, origin }: Row): string {
  const text = canonicalJson({ at, branch, content, origin, period, serial });
  return createHash('sha256').update(code, 'hex').update(text).digest('hex');
}

/** What can be read of a row. */
function record(row: Row): AccessRecord {
  const { serial, branch, period, code, entry, at, content, origin } = row;
  const recordCode = Uint8Array.from(Buffer.from(code, 'hex'));
  return {
    serial,
    branch,
    period,
    recordCode,
    entry,
    recordedAt: at,
    content,
    origin,
    digest: digest(row),
  } as never;
}

function recordOf(row: Row | undefined): AccessRecord | undefined {
  return row === undefined ? undefined : record(row);
}
