import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { crossCheck } from './cross-check.js';
import { measureEngines } from './engines.js';
import { asArguments, type BenchOptions, readBenchOptions } from './options.js';
import { measurePeers } from './peers.js';
import { type BenchReport, type BenchResult, describeMachine, printReport } from './results.js';
import { paceOf } from './rounds.js';
import { openBenchToken } from './token.js';
import { measureMemoryIssuance, measureVaults } from './vaults.js';

/** `npm run --silent bench`: measures, prints a table, and writes a file when asked to. See docs/performance.md. */

async function run(options: BenchOptions): Promise<BenchReport> {
  const pace = paceOf(options.quick);
  const token = openBenchToken(options);
  const results: BenchResult[] = [];
  try {
    crossCheck(token);
    results.push(...(await measureEngines(token, pace)));
    results.push(...(await measureVaults(token, pace)));
    results.push(...(await measurePeers(pace)));
    results.push(await measureMemoryIssuance(token, options.quick ? 300_000 : 1_000_000));
  } finally {
    token.close();
  }
  // Keys of level 3 are made by a security officer, which the bench is only on a token of its own.
  if (options.hardware === undefined) results.push(await inOwnProcess('levels-process.ts', [], options));
  const compared = await inOwnProcess('sqlite-process.ts', ['compare'], options);
  const streamed = await inOwnProcess('sqlite-process.ts', ['stream'], options);
  const { peakRssMiB } = streamed;
  results.push({ ...compared, ...(peakRssMiB === undefined ? {} : { peakRssMiB }) }, streamed);
  results.push(await inOwnProcess('single-issues-process.ts', ['token'], options));
  // A second module, made for this run whatever token the others are measured on.
  if (options.hardware === undefined)
    results.push(await inOwnProcess('single-issues-process.ts', ['nss'], options));
  return { machine: describeMachine(), module: token.description, results };
}

/** Runs one measurement in a new process, while nothing else runs here. */
function inOwnProcess(file: string, task: readonly string[], options: BenchOptions): Promise<BenchResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL(file, import.meta.url), [...task, ...asArguments(options)]);
    let result: BenchResult | undefined;
    child.on('message', (message) => {
      result = message as BenchResult;
    });
    child.on('error', reject);
    child.on('exit', () => {
      if (result === undefined) reject(new Error(`${file} gave no result`));
      else resolve(result);
    });
  });
}

async function main(): Promise<void> {
  const options = readBenchOptions(process.argv.slice(2), process.env);
  const report = await run(options);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  printReport(report);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'the bench failed');
  process.exitCode = 1;
});
