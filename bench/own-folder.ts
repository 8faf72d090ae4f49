import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchOptions, readBenchOptions } from './options.js';
import type { BenchResult } from './results.js';

/**
 * The frame of a process that measures something in a folder of its own, which is gone afterwards. Sends the result to
 * the parent.
 */
export async function measureInFolder(
  measure: (folder: string, options: BenchOptions) => Promise<BenchResult>,
): Promise<void> {
  const options = readBenchOptions(process.argv.slice(3), process.env);
  const folder = mkdtempSync(join(tmpdir(), 'renkei-bench-'));
  try {
    process.send?.(await measure(folder, options));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
