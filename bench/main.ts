import { writeFileSync } from 'node:fs';
import { crossCheck } from './cross-check.js';
import { curvesOf, drawCurves } from './curve.js';
import { measureEngines } from './engines.js';
import { measureStores } from './issuance.js';
import { measureMediation } from './mediation.js';
import { type BenchGroup, type BenchOptions, readBenchOptions } from './options.js';
import { inOwnProcess } from './own-process.js';
import { measurePeers } from './peers.js';
import { type BenchReport, type BenchResult, describeMachine, printReport } from './results.js';
import { measureRotations } from './rotation.js';
import { paceOf } from './rounds.js';
import { sketchCurves } from './sketch.js';
import { openBenchToken } from './token.js';
import { measureMemoryIssuance, measureVaults } from './vaults.js';

/** `npm run --silent bench`: measures, prints a table, and writes a file when asked to. See docs/performance.md. */

async function run(options: BenchOptions): Promise<BenchReport> {
  const pace = paceOf(options.quick);
  const wanted = (group: BenchGroup) => options.only === undefined || options.only === group;
  const results: BenchResult[] = [];
  const remarks: string[] = [];
  const token = openBenchToken(options);
  try {
    crossCheck(token);
    if (wanted('engines')) results.push(...(await measureEngines(token, pace)));
    if (wanted('vaults')) results.push(...(await measureVaults(token, pace)));
    if (wanted('peers')) results.push(...(await measurePeers(pace)));
    if (wanted('issue')) {
      results.push(await measureMemoryIssuance(token, options.quick ? 300_000 : 1_000_000));
    }
  } finally {
    token.close();
  }
  // Keys of level 3 are made by a security officer, which the bench is only on a token of its own.
  if (wanted('vaults') && options.hardware === undefined) {
    results.push(...(await inOwnProcess('levels-process.ts', [], options)));
  }
  if (wanted('issue')) {
    const stores = await measureStores(options);
    results.push(...stores.results);
    remarks.push(...stores.remarks);
  }
  if (wanted('rotate') && options.hardware === undefined) results.push(...(await measureRotations(options)));
  if (wanted('mediate')) results.push(...(await measureMediation(options)));
  return {
    machine: describeMachine(),
    module: token.description,
    ...(remarks.length === 0 ? {} : { remarks }),
    results,
  };
}

async function main(): Promise<void> {
  const options = readBenchOptions(process.argv.slice(2), process.env);
  const report = await run(options);
  const curves = curvesOf(report);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.picture !== undefined) writeFileSync(options.picture, drawCurves(curves));
  printReport(report);
  if (curves.length > 0) console.log(`\n${sketchCurves(curves)}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'the bench failed');
  process.exitCode = 1;
});
