import { fitToDisk, freeMib } from './disk-room.js';
import type { BenchOptions } from './options.js';
import { inOwnProcess } from './own-process.js';
import type { BenchResult } from './results.js';

/** What a million rows of a bulk load take on the disk at most: tables, logs, spill files, the bare insert. */
export const MIB_PER_MILLION = { sqlite: 250, postgres: 800 } as const;

/** Residents of the bulk loads when nobody says how many. */
const DEFAULT_ROWS = {
  quick: { sqlite: 2_000_000, postgres: 500_000 },
  full: { sqlite: 100_000_000, postgres: 20_000_000 },
} as const;

/** How many residents are loaded into each store. */
export function loadRows({ quick, rows, postgresRows }: BenchOptions): { sqlite: number; postgres: number } {
  const usual = quick && rows === undefined ? DEFAULT_ROWS.quick : DEFAULT_ROWS.full;
  const sqlite = rows ?? usual.sqlite;
  return { sqlite, postgres: postgresRows ?? Math.min(sqlite, usual.postgres) };
}

/** Issuance into the stores that last, one process a measurement. */
export async function measureStores(
  options: BenchOptions,
): Promise<{ readonly results: readonly BenchResult[]; readonly remarks: readonly string[] }> {
  const results: BenchResult[] = [];
  const remarks: string[] = [];
  const measure = async (file: string, task: readonly string[], its = options) => {
    results.push(...(await inOwnProcess(file, task, its)));
  };
  await measure('sqlite-process.ts', ['compare']);
  await measure('sqlite-process.ts', ['stream']);
  await measure('single-issues-process.ts', ['token']);
  // A second module, made for this run whatever token the others are measured on.
  if (options.hardware === undefined) await measure('single-issues-process.ts', ['nss']);
  await measure('postgres-process.ts', ['compare']);
  const wanted = loadRows(options);
  for (const store of ['sqlite', 'postgres'] as const) {
    const fitting = fitToDisk(`issue.${store}-bulk`, wanted[store], MIB_PER_MILLION[store], freeMib());
    if (fitting.remark !== undefined) remarks.push(fitting.remark);
    await measure('bulk-process.ts', [store], { ...options, only: 'issue', rows: fitting.rows });
  }
  return { results, remarks };
}
