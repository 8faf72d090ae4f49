import { join } from 'node:path';
import { createMemoryRecordStore, createMemoryStore } from 'renkei';
import { openSqliteRecordStore, openSqliteStore } from 'renkei/sqlite';
import { fail } from './issuing.js';
import { type Mediating, type MediationStores, measureMediating, measureRate } from './mediating.js';
import { capacityOf } from './offered-load.js';
import { peakRssMiB } from './peak-rss.js';
import type { BenchResult } from './results.js';

/** Mediation on stores in memory or on SQLite, in a process of its own. */

const LONG_RUN = 5_000_000;
const TENTHS = 10;
const CALLERS = 2_000;

async function openStores(folder: string, task: string): Promise<MediationStores> {
  if (task === 'memory') return { issuance: createMemoryStore(), records: createMemoryRecordStore() };
  return {
    issuance: await openSqliteStore({ path: join(folder, 'issuance.sqlite') }),
    records: await openSqliteRecordStore({ path: join(folder, 'records.sqlite') }),
  };
}

/** Millions of requests one after the other, and the memory after each tenth of them. */
async function measureLongRun({ name, ask }: Mediating): Promise<BenchResult> {
  const rssMiB: number[] = [];
  const start = performance.now();
  for (let tenth = 0; tenth < TENTHS; tenth++) {
    const first = (tenth * LONG_RUN) / TENTHS;
    await capacityOf(CALLERS, LONG_RUN / TENTHS, (n) => ask(first + n));
    rssMiB.push(process.memoryUsage.rss() / 2 ** 20);
  }
  const rate = (LONG_RUN * 1000) / (performance.now() - start);
  return { name, unit: 'requests/s', rate, rssMiB, peakRssMiB: peakRssMiB() };
}

measureMediating(openStores, process.argv[2] === 'long' ? measureLongRun : measureRate).catch(fail);
