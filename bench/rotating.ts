import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type IssuanceStore,
  type Issuer,
  openIssuer,
  openRotations,
  type Rotations,
  type Vault,
} from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import type { ScratchToken } from '../test/support/softhsm.js';
import { issueAll } from './issuing.js';
import { type BenchOptions, readBenchOptions } from './options.js';
import { requests } from './requests.js';
import type { BenchResult } from './results.js';
import { accessTo, makeRotationToken, REKEYED } from './rotation-token.js';

const SEED = 11;

/** What a measurement of rotations works with. */
export interface RotationBench {
  readonly options: BenchOptions;
  readonly token: ScratchToken;
  /** A temporary folder on the disk that the store is on. */
  readonly folder: string;
}

/** The frame of a process that measures rotations. Sends the results to the parent. */
export async function measureRotating(
  tasks: Readonly<Record<string, (bench: RotationBench) => Promise<readonly BenchResult[]>>>,
): Promise<void> {
  const [task = '', ...args] = process.argv.slice(2);
  const options = readBenchOptions(args, process.env);
  const token = await makeRotationToken();
  const folder = mkdtempSync(join(tmpdir(), 'renkei-rotating-'));
  try {
    const measure = tasks[task] as (bench: RotationBench) => Promise<readonly BenchResult[]>;
    process.send?.(await measure({ options, token, folder }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    token.remove();
  }
}

/** A store with people who all have a code of the institution, and what re-keys it. */
export interface PeopledStore {
  readonly store: IssuanceStore;
  readonly vault: Vault;
  readonly issuer: Issuer;
  readonly rotations: Rotations;
}

/** Issues to so many people with the bulk engine, and hands over what re-keys them. */
export async function withPeople<T>(
  { token }: RotationBench,
  store: IssuanceStore,
  people: number,
  action: (peopled: PeopledStore) => Promise<T>,
): Promise<T> {
  await using vault = await openPkcs11Vault({ ...accessTo(token), engine: 'bulk' });
  await using issuer = await openIssuer({ vault, store });
  await issuer.registerInstitution(REKEYED);
  await issueAll(issuer, REKEYED, requests(SEED, 0, people));
  const rotations = await openRotations({ vault, store, auditKey: 'audit/1' });
  return await action({ store, vault, issuer, rotations });
}
