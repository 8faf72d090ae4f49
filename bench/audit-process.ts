import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { type AuditLog, openAuditLog } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { fail } from './issuing.js';
import { capacityOf, waitsOf } from './offered-load.js';
import type { BenchOptions } from './options.js';
import { measureInFolder } from './own-folder.js';
import { peakRssMiB } from './peak-rss.js';
import type { BenchResult } from './results.js';
import { median } from './rounds.js';

/** The operation log on SQLite: many concurrent callers who append one entry at a time. In a process of its own. */

const CALLERS = 2_000;
/** Callers are in two rounds at a time. */
const LIMIT_ROWS = CALLERS / 2;

function append(log: AuditLog, n: number): Promise<void> {
  const draft = {
    event: 'institution.registered',
    details: { institution: `RENKEIBENCH${n % 5}`, version: 1 },
  };
  return log.append([draft]).then(() => undefined);
}

/** The bare insert of texts and hashes of the same size, as many in a transaction, with the settings of the store. */
class BareLog {
  readonly #database: Sqlite.Database;
  readonly #insert: Sqlite.Transaction<(rows: readonly (readonly [string, Buffer])[]) => void>;

  constructor(path: string, text: string) {
    this.#database = new Sqlite(path);
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma('synchronous = FULL');
    this.#database.exec(
      'CREATE TABLE entry (idx INTEGER PRIMARY KEY, text TEXT NOT NULL, hash BLOB NOT NULL)',
    );
    const insert = this.#database.prepare('INSERT INTO entry (text, hash) VALUES (?, ?)');
    this.#insert = this.#database.transaction((rows) => {
      for (const row of rows) insert.run(...row);
    });
    this.#rows = Array.from({ length: LIMIT_ROWS }, () => [text, randomBytes(32)] as const);
  }

  readonly #rows: readonly (readonly [string, Buffer])[];

  rate(count: number): number {
    const start = performance.now();
    for (let done = 0; done < count; done += LIMIT_ROWS) this.#insert.immediate(this.#rows);
    return (count * 1000) / (performance.now() - start);
  }

  close(): void {
    this.#database.close();
  }
}

async function measure(folder: string, { quick }: BenchOptions): Promise<BenchResult> {
  const count = quick ? 40_000 : 400_000;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await using vault = await openSoftwareVault({
    keys: { 'audit/1': privateKey.export({ format: 'der', type: 'pkcs8' }) },
  });
  await using store = await openSqliteRecordStore({ path: join(folder, 'log.sqlite') });
  await using log = await openAuditLog({ store, vault, auditKey: 'audit/1', origin: 'bench.example/log' });
  await capacityOf(CALLERS, count, (n) => append(log, n));
  const [text = ''] = await store.logEntries({ from: 0, limit: 1 });
  const bare = new BareLog(join(folder, 'bare.sqlite'), text);
  const rates: number[] = [];
  const limits: number[] = [];
  for (let k = 0; k < (quick ? 3 : 9); k++) {
    limits.push(bare.rate(count));
    rates.push(await capacityOf(CALLERS, count, (n) => append(log, n)));
  }
  bare.close();
  const rate = median(rates);
  return {
    name: 'audit.append',
    unit: 'entries/s',
    rate,
    limit: median(limits),
    ratio: median(rates.map((value, k) => value / (limits[k] as number))),
    peakRssMiB: peakRssMiB(),
    ...(await waitsOf(count, rate / 2, (n) => append(log, n))),
  };
}

measureInFolder(measure).catch(fail);
