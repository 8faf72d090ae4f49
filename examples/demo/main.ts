import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provisionKeys } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { makeScratchToken, type ScratchToken } from '../../test/support/softhsm.js';
import { type DemoArguments, LEVELS, readArguments } from './arguments.js';
import { count, type Row } from './figures.js';
import { doMainJob, type Site } from './main-job.js';
import { keysToMediate, mediate } from './mediate.js';
import { INSTITUTIONS, PERIOD } from './population.js';
import { keysToRotateTo, rotateKeys } from './rotate-keys.js';

/**
 * The main job, from an empty HSM and an empty database to a translated code, on SoftHSM and SQLite; then, where
 * asked for, mediation and rotations.
 */

async function run(
  token: ScratchToken,
  folder: string,
  { level, residents, rotate, mediate: mediates }: DemoArguments,
): Promise<void> {
  const hsm = { module: token.module, token: token.token, pin: token.pin };
  const first = [
    'link/1',
    'store/1',
    `record/${PERIOD}`,
    ...INSTITUTIONS.map(({ code }) => `institution/${code}/1`),
  ];
  const further = [...(rotate ? keysToRotateTo() : []), ...(mediates ? keysToMediate() : [])];
  const names = [...new Set([...first, ...further])];
  const made = await provisionKeys({
    ...hsm,
    soPin: () => token.soPin,
    keys: names.map((name) => ({ name, level: LEVELS[level] })),
  });
  const rows: Row[] = [[`keys made in the HSM, ${level}`, count(made.length), '']];
  const database = join(folder, 'database');
  mkdirSync(database);
  await using store = await openSqliteStore({ path: join(database, 'issuance.sqlite') });
  const site: Site = { hsm, store, level, residents, folder: database };
  const samples = await doMainJob(site, rows);
  if (mediates) await mediate(site, samples);
  if (rotate) await rotateKeys(site, samples, folder);
}

async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2));
  const start = performance.now();
  const token = makeScratchToken('renkei-demo');
  const folder = mkdtempSync(join(tmpdir(), 'renkei-demo-'));
  try {
    await run(token, folder, asked);
    console.log(
      `\nAll of it in ${((performance.now() - start) / 1000).toFixed(1)} s. SoftHSM is not an HSM: docs/design.md`,
    );
  } finally {
    token.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'the demo failed');
  process.exitCode = 1;
});
