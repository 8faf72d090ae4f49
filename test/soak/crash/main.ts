import { isClean, runCrashSoak, summaryLine } from './crash-soak.js';
import { readOptions } from './options.js';
import { PHASES } from './phases.js';

/** Processes that work on a store are killed at random instants; what they were told has to be on record. */

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  print(`seed ${options.seed}`);
  const phases = PHASES.filter(({ store }) => options.store === undefined || store === options.store);
  const summary = await runCrashSoak(phases, options, print);
  print(summaryLine(summary));
  if (!isClean(summary)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'the soak failed'}\n`);
  process.exitCode = 1;
});
