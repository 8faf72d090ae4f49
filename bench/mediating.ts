import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Audience,
  type IssuanceStore,
  type Mediator,
  openIssuer,
  openMediator,
  openPermissions,
  type Permissions,
  parseAudience,
  parsePerInstitutionCode,
  type RecordStore,
  readInstitutionDirectory,
  readPermissionTable,
  type Vault,
} from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { capacityOf, waitsOf } from './offered-load.js';
import { readBenchOptions } from './options.js';
import { peakRssMiB } from './peak-rss.js';
import { requests } from './requests.js';
import type { BenchResult } from './results.js';
import { median } from './rounds.js';
import { FROM, INSTITUTIONS, openBenchToken, openNssToken, PERIOD, RECORD, TO } from './token.js';

/** Concurrent callers; they are in two rounds at a time, of which the vault has one. */
const CALLERS = 2_000;
const LIMIT_ROWS = CALLERS / 2;
const SEED = 17;
const [INQUIRER, PROVIDER] = INSTITUTIONS;
/** 事務 and 特定個人情報 of the requests. */
export const AFFAIR = '地方税法その他の地方税に関する法律による地方税の賦課徴収に関する事務';
export const INFORMATION = '地方税関係情報';

/** Where a measurement keeps people and records. */
export interface MediationStores {
  readonly issuance: IssuanceStore;
  readonly records: RecordStore;
}

/** What a measurement of mediation works with. */
export interface Mediating {
  readonly name: string;
  readonly quick: boolean;
  readonly vault: Vault;
  /** The inquirer's codes of the people who are asked about. */
  readonly texts: readonly string[];
  /** Serves the n-th request: a new one, about one of the people. */
  readonly ask: (n: number) => Promise<void>;
}

/**
 * The frame of a process that measures mediation: sealed engine, on SoftHSM or, where the task says `nss`, on NSS
 * softokn. Sends the result to the parent.
 *
 * @param openStores opens the stores of a task; files belong into the folder
 */
export async function measureMediating(
  openStores: (folder: string, task: string) => Promise<MediationStores>,
  measure: (mediating: Mediating) => Promise<BenchResult>,
): Promise<void> {
  const [task = '', ...args] = process.argv.slice(2);
  const options = readBenchOptions(args, process.env);
  const isNss = task.endsWith('nss') || task === 'long';
  const token = isNss ? openNssToken() : openBenchToken(options);
  const folder = mkdtempSync(join(tmpdir(), 'renkei-mediating-'));
  try {
    await using vault = await openPkcs11Vault({ ...token.access, engine: 'sealed' });
    const { issuance, records } = await openStores(folder, task);
    await using _issuance = issuance;
    await using _records = records;
    const people = options.quick ? 2_000 : 20_000;
    const { mediator, texts } = await begin(vault, issuance, records, people);
    await using _mediator = mediator;
    const name = `mediate.${task}`;
    const ask = (n: number) => mediateOne(mediator, `R-${n}`, texts[n % people] as string);
    process.send?.(await measure({ name, quick: options.quick, vault, texts, ask }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    token.close();
  }
}

/** Most requests that are served a second, beside what the vault alone allows; and waits at half of that. */
export async function measureRate({ name, quick, vault, texts, ask }: Mediating): Promise<BenchResult> {
  const count = quick ? 6_000 : 60_000;
  const rounds = quick ? 3 : 9;
  let asked = 0;
  const next = () => ask(asked++);
  await capacityOf(CALLERS, count, next);
  const rates: number[] = [];
  const limits: number[] = [];
  for (let k = 0; k < rounds; k++) {
    limits.push(await vaultAlone(vault, texts, count));
    rates.push(await capacityOf(CALLERS, count, next));
  }
  const rate = median(rates);
  const waits = await waitsOf(count, rate / 2, next);
  return {
    name,
    unit: 'requests/s',
    rate,
    limit: median(limits),
    ratio: median(rates.map((value, k) => value / (limits[k] as number))),
    peakRssMiB: peakRssMiB(),
    ...waits,
  };
}

/** The vault calls of as many requests, and nothing else: each code opened, and made for store, record and provider. */
async function vaultAlone(vault: Vault, texts: readonly string[], count: number): Promise<number> {
  const codes = Buffer.concat(texts.slice(0, LIMIT_ROWS).map((text) => parsePerInstitutionCode(text).code));
  const audiences = ['store/1', RECORD, TO].map((name) => parseAudience(name).name as Audience);
  const start = performance.now();
  let done = 0;
  for (; done < count; done += LIMIT_ROWS) {
    await vault.translate(codes, parseAudience(FROM).name as Audience, audiences);
  }
  return (done * 1000) / (performance.now() - start);
}

async function begin(vault: Vault, issuance: IssuanceStore, records: RecordStore, people: number) {
  const issuer = await openIssuer({ vault, store: issuance });
  for (const institution of [INQUIRER, PROVIDER]) await issuer.registerInstitution(institution);
  await issuer.registerRecordPeriod(PERIOD);
  const texts: string[] = [];
  for (const institution of [PROVIDER, INQUIRER]) {
    for (const request of requests(SEED, 0, people)) {
      for (const item of await issuer.issueBatch(institution, request)) {
        if (item.status !== 'issued') throw new Error('the issuance was not clean');
        if (institution === INQUIRER) texts.push(item.code);
      }
    }
  }
  const mediator = await openMediator({ issuer, records, permissions: await permissions() });
  return { mediator, texts };
}

async function mediateOne(mediator: Mediator, requestId: string, code: string): Promise<void> {
  const { status } = await mediator.mediate({
    requestId,
    code,
    inquirer: INQUIRER,
    provider: PROVIDER,
    affair: AFFAIR,
    information: INFORMATION,
    items: ['所得', '課税額'],
    department: '税務課',
  });
  if (status !== 'forwarded') throw new Error('the mediation was not clean');
}

async function permissions(): Promise<Permissions> {
  const rows = [
    { item: '一', inquirer: '市町村長', affair: AFFAIR, provider: '厚生労働大臣', information: INFORMATION },
  ];
  const table = JSON.stringify({ source: 'bench', effectiveFrom: '2020-04-01', rows });
  const names = JSON.stringify({
    rows: [
      { institution: INQUIRER, name: '測定市長', classes: ['市町村長'] },
      { institution: PROVIDER, name: '測定大臣', classes: ['厚生労働大臣'] },
    ],
  });
  const { revision } = readPermissionTable(table, { format: 'json' });
  const { directory } = readInstitutionDirectory(names, { format: 'json' });
  if (revision === undefined || directory === undefined) throw new Error('the table does not load');
  return openPermissions({ revisions: [revision], directory });
}
