import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { type NewRecord, parseInstitutionCode, type RecordBatch } from 'renkei';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { CODE_LENGTH } from '../src/codes/per-institution-code.js';
import { EMPTY_LOG } from '../src/stores/log-entries.js';
import { planRecords, type RecordsPlanned } from '../src/stores/record-writing.js';
import { openDatabase } from '../src/stores/sqlite/open-database.js';
import { LogRows } from '../src/stores/sqlite/records/log-rows.js';
import { RecordRows } from '../src/stores/sqlite/records/record-rows.js';
import { RECORD_SCHEMA } from '../src/stores/sqlite/records/record-schema.js';
import { CACHE_MIB } from './bare-sqlite.js';
import { fail } from './issuing.js';
import { AFFAIR, INFORMATION } from './mediating.js';
import type { BenchOptions } from './options.js';
import { measureInFolder } from './own-folder.js';
import { peakRssMiB } from './peak-rss.js';
import type { BenchResult } from './results.js';
import { median } from './rounds.js';
import { INSTITUTIONS, PERIOD } from './token.js';

/** The record file on SQLite alone, without anybody who asks. In a process of its own. */

/** Records in a transaction: those of a whole round of the mediator. */
const BATCH_ROWS = 1_000;
const INQUIRER = parseInstitutionCode(INSTITUTIONS[0]);
const PROVIDER = parseInstitutionCode(INSTITUTIONS[1]);
const AT = Date.UTC(2026, 3, 1);

function batchFrom(first: number): RecordBatch {
  const records = Array.from({ length: BATCH_ROWS }, (_, k): NewRecord => {
    return {
      requestId: `R-${first + k}`,
      period: PERIOD,
      generation: 1,
      recordCode: randomBytes(CODE_LENGTH),
      content: {
        outcome: 'forwarded',
        inquirer: INQUIRER,
        provider: PROVIDER,
        inquirerName: '測定市長',
        department: '税務課',
        providerName: '測定大臣',
        affair: AFFAIR,
        procedure: '',
        information: INFORMATION,
        items: ['所得', '課税額'],
        requestedAt: AT,
        nonDisclosure: false,
        validUntil: AT,
      },
    };
  });
  return { at: AT, records };
}

/** The same rows of records and log in the same tables with the same settings, worked out before, and nothing else. */
class BareRecords {
  readonly #database: Database;
  readonly insert: (planned: RecordsPlanned) => void;

  constructor(path: string) {
    this.#database = openDatabase(RECORD_SCHEMA, {
      path,
      cacheMiB: CACHE_MIB,
      busyTimeoutMs: 0,
      create: true,
    });
    const [rows, log] = [new RecordRows(this.#database), new LogRows(this.#database)];
    this.insert = this.#database.transaction((planned: RecordsPlanned) => {
      for (const row of planned.rows) rows.insert(row);
      log.keep(planned.log);
    });
  }

  close(): void {
    this.#database.close();
  }
}

/** Works out batch after batch, as a file does that has nothing of them. */
class Plans {
  #head = EMPTY_LOG;
  #nextSerial = 1;

  next(batch: RecordBatch): RecordsPlanned {
    const planned = planRecords(
      {
        head: this.#head,
        nextSerial: this.#nextSerial,
        requests: new Map(),
        latest: new Map(),
        periods: new Map(),
      },
      // The same type, of the sources instead of the package.
      batch as never,
    );
    this.#head = planned.log.head;
    this.#nextSerial = planned.nextSerial;
    return planned;
  }
}

async function measure(folder: string, { quick }: BenchOptions): Promise<BenchResult> {
  const [rounds, batches] = quick ? [5, 10] : [15, 40];
  await using store = await openSqliteRecordStore({ path: join(folder, 'records.sqlite') });
  const bare = new BareRecords(join(folder, 'bare.sqlite'));
  const plans = new Plans();
  const rates: number[] = [];
  const limits: number[] = [];
  const perSecond = (ms: number) => (batches * BATCH_ROWS * 1000) / ms;
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const given = Array.from({ length: batches }, (_, k) => batchFrom((round * batches + k) * BATCH_ROWS));
    const planned = given.map((batch) => plans.next(batch));
    const start = performance.now();
    for (const plan of planned) bare.insert(plan);
    const between = performance.now();
    for (const batch of given) await store.append(batch);
    const end = performance.now();
    if (round === 0) continue;
    limits.push(perSecond(between - start));
    rates.push(perSecond(end - between));
  }
  bare.close();
  return {
    name: 'records.sqlite',
    unit: 'records/s',
    rate: median(rates),
    limit: median(limits),
    ratio: median(rates.map((value, k) => value / (limits[k] as number))),
    peakRssMiB: peakRssMiB(),
  };
}

measureInFolder(measure).catch(fail);
