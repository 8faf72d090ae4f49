import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
import { fail } from './issuing.js';
import { readBenchOptions } from './options.js';
import { peakRssMiB } from './peak-rss.js';
import type { BenchResult } from './results.js';
import { median } from './rounds.js';
import { INSTITUTIONS } from './token.js';

/** The record file on SQLite alone, without anybody who asks. In a process of its own. */

/** Records in a transaction: those of a whole round of the mediator. */
const BATCH_ROWS = 1_000;
const [INQUIRER, PROVIDER] = INSTITUTIONS.map(parseInstitutionCode);
const PERIOD = '2026';
const AT = Date.UTC(2026, 3, 1);
/** What `openSqliteRecordStore` takes by default. */
const CACHE_MIB = 64;

function batchFrom(first: number): RecordBatch {
  const records = Array.from({ length: BATCH_ROWS }, (_, k): NewRecord => {
    return {
      requestId: `R-${first + k}`,
      period: PERIOD,
      generation: 1,
      recordCode: randomBytes(CODE_LENGTH),
      content: {
        outcome: 'forwarded',
        inquirer: INQUIRER as NonNullable<typeof INQUIRER>,
        provider: PROVIDER as NonNullable<typeof PROVIDER>,
        inquirerName: '測定市長',
        department: '税務課',
        providerName: '測定大臣',
        affair: '地方税法その他の地方税に関する法律による地方税の賦課徴収に関する事務',
        procedure: '',
        information: '地方税関係情報',
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

async function measure(folder: string, quick: boolean): Promise<BenchResult> {
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

async function main(): Promise<void> {
  const options = readBenchOptions(process.argv.slice(3), process.env);
  const folder = mkdtempSync(join(tmpdir(), 'renkei-records-'));
  try {
    process.send?.(await measure(folder, options.quick));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch(fail);
