import type { BenchOptions } from './options.js';
import { inOwnProcess } from './own-process.js';
import type { BenchResult } from './results.js';

/** What is measured, in the order of the results: a program, and its task. */
const MEASUREMENTS = [
  ['rotation-process.ts', 'pairs'],
  ['rotation-process.ts', 'sealed'],
  ['rotation-process.ts', 'sqlite'],
  ['rotation-postgres-process.ts', 'workers'],
  ['rotation-serving-process.ts', 'serving'],
  ['rotation-process.ts', 'store'],
  ['rotation-process.ts', 'generation'],
] as const;

/** Rotations, one process a measurement. */
export async function measureRotations(options: BenchOptions): Promise<readonly BenchResult[]> {
  const results: BenchResult[] = [];
  for (const [file, task] of MEASUREMENTS) results.push(...(await inOwnProcess(file, [task], options)));
  return results;
}
