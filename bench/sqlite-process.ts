import { join } from 'node:path';
import { openSqliteStore } from 'renkei/sqlite';
import { compareWithBareInsert } from './bare-comparison.js';
import { BareSqlite } from './bare-sqlite.js';
import { fail, type Issuing, issueAll, measureIssuing } from './issuing.js';
import { peakRssMiB } from './peak-rss.js';
import { requests } from './requests.js';
import type { BenchResult } from './results.js';
import { INSTITUTIONS } from './token.js';

/** Online issuance into SQLite, in a process of its own so that its memory is its own. */

const STREAMED = 5_000_000;
const SEED = 5;

async function compare(issuing: Issuing): Promise<BenchResult> {
  const bare = new BareSqlite(join(issuing.folder, 'bare.sqlite'));
  const rounds = { rounds: issuing.options.quick ? 2 : 5, residents: 200_000 };
  try {
    const result = await compareWithBareInsert('issue.sqlite', issuing, bare, rounds);
    return { ...result, peakRssMiB: peakRssMiB() };
  } finally {
    bare.close();
  }
}

/**
 * Five million requests. The full run streams five million residents for one institution; the quick one a million
 * requests, of two hundred thousand residents for each of five, which writes less because a person's row is there from
 * the second on.
 */
async function stream({ issuer, options: { quick } }: Issuing): Promise<BenchResult> {
  const institutions = quick ? INSTITUTIONS : INSTITUTIONS.slice(0, 1);
  const share = quick ? STREAMED / 25 : STREAMED;
  const start = performance.now();
  for (const institution of institutions) await issueAll(issuer, institution, requests(SEED, 0, share));
  const seconds = (performance.now() - start) / 1000;
  return {
    name: quick ? 'issue.sqlite-5x200k' : 'issue.sqlite-5m',
    unit: 'requests/s',
    rate: (institutions.length * share) / seconds,
    peakRssMiB: peakRssMiB(),
  };
}

measureIssuing(
  (folder) => openSqliteStore({ path: join(folder, 'issuance.sqlite') }),
  (issuing) => (issuing.task === 'compare' ? compare(issuing) : stream(issuing)),
).catch(fail);
