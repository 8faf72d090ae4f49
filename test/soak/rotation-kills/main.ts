import { readSoakOptions } from '../soak-options.js';
import { runKillsSoak, STORES, summaryLine } from './kills-soak.js';

/** Workers of rotations are killed at random instants; what comes out has to be what an undisturbed run gives. */

const CALL = { command: 'soak:rotation-kills', count: 'kills', most: 100, stores: STORES };

async function main(): Promise<void> {
  const options = readSoakOptions(CALL, process.argv.slice(2));
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  print(`seed ${options.seed}`);
  const summary = await runKillsSoak(options, print);
  print(summaryLine(summary));
  if (summary.findings.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'the soak failed'}\n`);
  process.exitCode = 1;
});
