import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Audience,
  type IssuanceRequest,
  type Issuer,
  openIssuer,
  parseAudience,
  type Vault,
} from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { orderCodes } from '../src/stores/sqlite/ordered-codes.js';
import { BareInsert } from './bare-insert.js';
import { readBenchOptions } from './options.js';
import { requests } from './requests.js';
import type { BenchResult } from './results.js';
import { median } from './rounds.js';
import { INSTITUTIONS, openBenchToken } from './token.js';

/** Issuance into SQLite, in a process of its own so that its memory is its own. Sends its results to its parent. */

const COMPARED = 1_000_000;
const ROUND = 200_000;
const STREAMED = 5_000_000;
const SEED = 5;

async function issue(issuer: Issuer, institution: string, batches: Iterable<IssuanceRequest>): Promise<void> {
  for await (const { counts, length } of issuer.issueAll(institution, batches)) {
    if (counts.issued !== length) throw new Error('the issuance was not clean');
  }
}

/** A million residents, each fifth of them beside the bare insert of the same rows. */
async function compareWithBareInsert(vault: Vault, issuer: Issuer, folder: string): Promise<BenchResult> {
  const bare = new BareInsert(join(folder, 'bare.sqlite'));
  const store = parseAudience('store/1').name as Audience;
  const rounds: { readonly issueMs: number; readonly bareMs: number }[] = [];
  for (let first = 0; first < COMPARED; first += ROUND) {
    const rows: Uint8Array[] = [];
    for (const { residents } of requests(SEED, first, ROUND)) {
      const { codes } = await vault.derive(residents as Uint8Array, [store]);
      rows.push(codes[0] as Uint8Array);
    }
    const batches = [...requests(SEED, first, ROUND)];
    const start = performance.now();
    for (const codes of rows) bare.insert(orderCodes(codes).slices.codes);
    const between = performance.now();
    await issue(issuer, INSTITUTIONS[0], batches);
    rounds.push({ bareMs: between - start, issueMs: performance.now() - between });
  }
  bare.close();
  const total = (key: 'issueMs' | 'bareMs') => rounds.reduce((sum, round) => sum + round[key], 0) / 1000;
  return {
    name: 'issue.sqlite',
    unit: 'residents/s',
    rate: COMPARED / total('issueMs'),
    limit: COMPARED / total('bareMs'),
    ratio: median(rounds.map(({ issueMs, bareMs }) => bareMs / issueMs)),
  };
}

/**
 * Five million requests. The full run streams five million residents for one institution; the quick one streams one
 * million for each of five, which writes less because a person's row is there from the second on.
 */
async function stream(issuer: Issuer, quick: boolean): Promise<BenchResult> {
  const share = quick ? STREAMED / INSTITUTIONS.length : STREAMED;
  const institutions = quick ? INSTITUTIONS : INSTITUTIONS.slice(0, 1);
  const start = performance.now();
  for (const institution of institutions) await issue(issuer, institution, requests(SEED, 0, share));
  const seconds = (performance.now() - start) / 1000;
  return {
    name: quick ? 'issue.sqlite-5x1m' : 'issue.sqlite-5m',
    unit: 'requests/s',
    rate: STREAMED / seconds,
    peakRssMiB: peakRssMiB(),
  };
}

/** Highest resident memory this process has had, as the kernel counted it. */
function peakRssMiB(): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kib) / 1024;
}

async function main(): Promise<void> {
  const [task, ...args] = process.argv.slice(2);
  const options = readBenchOptions(args, process.env);
  const token = openBenchToken(options);
  const folder = mkdtempSync(join(tmpdir(), 'renkei-bench-'));
  try {
    await using vault = await openPkcs11Vault({ ...token.access, engine: 'bulk' });
    await using store = await openSqliteStore({ path: join(folder, 'issuance.sqlite') });
    const issuer = await openIssuer({ vault, store });
    for (const institution of INSTITUTIONS) await issuer.registerInstitution(institution);
    const result =
      task === 'compare'
        ? await compareWithBareInsert(vault, issuer, folder)
        : await stream(issuer, options.quick);
    process.send?.(result);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    token.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'the measurement failed');
  process.exitCode = 1;
});
