import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import type { Tally } from '../../rotation/model/commands.js';
import { runModel } from '../../rotation/model/run-model.js';
import { readSoakOptions, type SoakOptions } from '../soak-options.js';

/** The model-based test of rotations with many commands. */

const STORES = ['memory', 'sqlite'] as const;
const CALL = { command: 'soak:rotation', count: 'commands', most: 10_000, stores: STORES };

async function main(): Promise<void> {
  const options = readSoakOptions(CALL, process.argv.slice(2));
  process.stdout.write(`seed ${options.seed}\n`);
  const stores = STORES.filter((name) => options.store === undefined || name === options.store);
  for (const store of stores) {
    const tally = await run(store, { ...options, count: Math.ceil(options.count / stores.length) });
    process.stdout.write(`${store}: ${summaryLine(tally)}\n`);
  }
}

async function run(store: (typeof STORES)[number], { count, seed }: SoakOptions<string>): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'renkei-rotation-soak-'));
  try {
    return await runModel({
      commands: count,
      seed,
      openStore: async (number) =>
        store === 'memory'
          ? createMemoryStore()
          : openSqliteStore({ path: join(folder, `${number}.sqlite`) }),
      folder,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function summaryLine({ commands, byCommand, steps }: Tally): string {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  return `commands ${commands} (${list(byCommand)}); steps completed: ${list(steps)}; differences 0`;
}

main().catch((error: unknown) => {
  // The counterexample, and what was found with it.
  for (let found = error; found instanceof Error; found = found.cause)
    process.stderr.write(`${found.stack}\n`);
  process.exitCode = 1;
});
