import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Audience,
  type Issuer,
  openIssuer,
  parseAudience,
  ResidentRecordCode,
  type Vault,
} from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { syntheticResidents, syntheticResidentTexts } from '../test/support/residents.js';
import { capacityOf, waitsOf } from './offered-load.js';
import { readBenchOptions } from './options.js';
import { peakRssMiB } from './peak-rss.js';
import type { BenchResult } from './results.js';
import { median } from './rounds.js';
import { FROM, INSTITUTIONS, openBenchToken, openNssToken } from './token.js';

/**
 * Online issuance: many concurrent callers who ask for one code at a time, sealed engine, durable on SQLite. In a
 * process of its own so that its memory is its own. Sends its result to its parent.
 */

const CALLERS = 2_000;
/** Callers are in two rounds at a time, of which the vault has one. */
const LIMIT_ROWS = CALLERS / 2;
const SEED = 8;
const STORE = parseAudience('store/1').name as Audience;
const INSTITUTION = INSTITUTIONS[0];

type Access = Parameters<typeof openPkcs11Vault>[0];

/** People who have not been asked for yet. */
class Crowd {
  #next = 0;

  texts(count: number): string[] {
    this.#next += count;
    return syntheticResidentTexts(SEED, this.#next - count, count);
  }
}

async function issueOne(issuer: Issuer, text: string): Promise<void> {
  const residentRecordCode = new ResidentRecordCode(text);
  const { status } = await issuer.issue(INSTITUTION, { acquisitionNumber: `R-${text}`, residentRecordCode });
  if (status !== 'issued') throw new Error('the issuance was not clean');
}

/** The most that is issued a second. */
function issueAll(issuer: Issuer, texts: readonly string[]): Promise<number> {
  return capacityOf(CALLERS, texts.length, (n) => issueOne(issuer, texts[n] as string));
}

/** The vault alone, as often as fills the same number of people. Gives the rate. */
async function deriveAlone(vault: Vault, rows: number): Promise<number> {
  const batches = Array.from({ length: rows / LIMIT_ROWS }, (_, n) =>
    syntheticResidents(SEED, n * LIMIT_ROWS, LIMIT_ROWS),
  );
  const start = performance.now();
  for (const batch of batches) await vault.derive(batch, [STORE, parseAudience(FROM).name as Audience]);
  return ((batches.length * LIMIT_ROWS) / (performance.now() - start)) * 1000;
}

async function measure(name: string, access: Access, quick: boolean): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'renkei-bench-'));
  const rounds = quick ? 3 : 9;
  const people = quick ? 6_000 : 40_000;
  try {
    await using vault = await openPkcs11Vault({ ...access, engine: 'sealed' });
    await using store = await openSqliteStore({ path: join(folder, 'issuance.sqlite') });
    await using issuer = await openIssuer({ vault, store });
    await issuer.registerInstitution(INSTITUTION);
    const crowd = new Crowd();
    await issueAll(issuer, crowd.texts(people));
    const rates: number[] = [];
    const limits: number[] = [];
    for (let k = 0; k < rounds; k++) {
      limits.push(await deriveAlone(vault, people));
      rates.push(await issueAll(issuer, crowd.texts(people)));
    }
    const rate = median(rates);
    const texts = crowd.texts(people);
    const waits = await waitsOf(people, rate / 2, (n) => issueOne(issuer, texts[n] as string));
    return {
      name,
      unit: 'requests/s',
      rate,
      limit: median(limits),
      ratio: median(rates.map((value, k) => value / (limits[k] as number))),
      peakRssMiB: peakRssMiB(),
      ...waits,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const [task, ...args] = process.argv.slice(2);
  const options = readBenchOptions(args, process.env);
  const nss = task === 'nss';
  const token = nss ? openNssToken() : openBenchToken(options);
  const name = nss ? 'issue.single-sqlite-nss' : 'issue.single-sqlite';
  try {
    process.send?.(await measure(name, token.access, options.quick));
  } finally {
    token.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'the measurement failed');
  process.exitCode = 1;
});
