import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asArguments, type BenchOptions } from './options.js';
import type { BenchResult } from './results.js';

/**
 * Runs one measurement in a new process, while nothing else runs here. All that it puts into the temporary folder,
 * which may be tens of GiB, is gone afterwards, however the process or this one ends short of being killed.
 *
 * @param file name of a program beside this one, which sends its results to its parent
 */
export async function inOwnProcess(
  file: string,
  task: readonly string[],
  options: BenchOptions,
): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'renkei-bench-'));
  // A database server runs under another user, who must get at its own folder inside.
  chmodSync(folder, 0o711);
  const child = fork(new URL(file, import.meta.url), [...task, ...asArguments(options)], {
    env: { ...process.env, TMPDIR: folder },
  });
  const interrupted = () => child.kill();
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  try {
    return await resultsOf(child, file);
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

function resultsOf(child: ChildProcess, file: string): Promise<readonly BenchResult[]> {
  return new Promise((resolve, reject) => {
    const results: BenchResult[] = [];
    child.on('message', (message) => {
      results.push(...[message as BenchResult | readonly BenchResult[]].flat());
    });
    child.on('error', reject);
    child.on('exit', () => {
      if (results.length === 0) reject(new Error(`${file} gave no result`));
      else resolve(results);
    });
  });
}
