import type { BenchOptions } from './options.js';
import { inOwnProcess } from './own-process.js';
import { measurePermissions } from './permissions.js';
import type { BenchResult } from './results.js';
import { paceOf } from './rounds.js';

/** What is measured, in the order of the results: a program, and its task. */
const MEASUREMENTS = [
  ['audit-process.ts', 'sqlite'],
  ['records-process.ts', 'sqlite'],
  ['mediation-process.ts', 'memory'],
  ['mediation-process.ts', 'sqlite'],
  ['mediation-postgres-process.ts', 'postgres'],
  ['mediation-process.ts', 'sqlite-nss'],
  ['mediation-postgres-process.ts', 'postgres-nss'],
] as const;
/** Takes some minutes: a full run only. */
const LONG_RUN = ['mediation-process.ts', 'long'] as const;

/** Permissions, operation log, record file and mediation; what has a store, in one process a measurement. */
export async function measureMediation(options: BenchOptions): Promise<readonly BenchResult[]> {
  const results: BenchResult[] = [...(await measurePermissions(paceOf(options.quick)))];
  for (const [file, task] of options.quick ? MEASUREMENTS : [...MEASUREMENTS, LONG_RUN]) {
    results.push(...(await inOwnProcess(file, [task], options)));
  }
  return results;
}
