import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IssuanceRequest, type IssuanceStore, type Issuer, openIssuer, type Vault } from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { type BenchOptions, readBenchOptions } from './options.js';
import type { BenchResult } from './results.js';
import { INSTITUTIONS, openBenchToken } from './token.js';

/** What a measurement of issuance works with. */
export interface Issuing {
  readonly task: string;
  readonly options: BenchOptions;
  readonly vault: Vault;
  readonly issuer: Issuer;
  /** A temporary folder on the disk that the store is on. */
  readonly folder: string;
}

/**
 * The frame of a process that measures issuance: bulk engine, one store, the bench's institutions. Sends the result
 * to the parent.
 *
 * @param openStore opens the store of a task; its files belong into the folder
 */
export async function measureIssuing(
  openStore: (folder: string, task: string) => Promise<IssuanceStore>,
  measure: (issuing: Issuing) => Promise<BenchResult>,
): Promise<void> {
  const [task = '', ...args] = process.argv.slice(2);
  const options = readBenchOptions(args, process.env);
  const token = openBenchToken(options);
  const folder = mkdtempSync(join(tmpdir(), 'renkei-issuing-'));
  try {
    await using vault = await openPkcs11Vault({ ...token.access, engine: 'bulk' });
    await using store = await openStore(folder, task);
    await using issuer = await openIssuer({ vault, store });
    for (const institution of INSTITUTIONS) await issuer.registerInstitution(institution);
    process.send?.(await measure({ task, options, vault, issuer, folder }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    token.close();
  }
}

/** Ends a process whose measurement failed, with the reason in words. */
export function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : 'the measurement failed');
  process.exitCode = 1;
}

/** Issues batch after batch; every resident must be new. */
export async function issueAll(
  issuer: Issuer,
  institution: string,
  batches: Iterable<IssuanceRequest>,
): Promise<void> {
  for await (const { counts, length } of issuer.issueAll(institution, batches)) {
    if (counts.issued !== length) throw new Error('the issuance was not clean');
  }
}
