import { randomInt } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { type IssuanceStore, type Issuer, openIssuer } from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { type DemoLevel, LEVELS } from './arguments.js';
import { Bar } from './bar.js';
import { count, perSecond, type Row } from './figures.js';
import { INSTITUTIONS, PERIOD, population } from './population.js';
import { printTable } from './table.js';

/** Codes that each institution got for the first residents, by 機関コード. */
export type Samples = ReadonlyMap<string, readonly string[]>;

/** Where the main job is done. */
export interface Site {
  readonly hsm: {
    readonly module: string;
    readonly token: { readonly label: string };
    readonly pin: () => string;
  };
  readonly store: IssuanceStore;
  readonly level: DemoLevel;
  readonly residents: number;
  /** The folder of the database. */
  readonly folder: string;
}

/** Rows of a transaction: the sealed engine makes some thousand codes a second, and the bar should move. */
const BATCH = { bulk: 20_000, sealed: 2_000 } as const;
const SAMPLE = 10_000;

/** From an empty database to a translated code; tells what was done in a table. */
export async function doMainJob(site: Site, rows: Row[]): Promise<Samples> {
  const { hsm, store, level, residents } = site;
  // A load through the bulk engine needs keys of level 1; above it the sealed engine makes every code.
  const engine = level === 'host-visible' ? 'bulk' : 'sealed';
  const loading = await openPkcs11Vault({ ...hsm, engine, minimumLevel: LEVELS[level] });
  const loader = await openIssuer({ vault: loading, store });
  for (const { code } of INSTITUTIONS) await loader.registerInstitution(code);
  console.log(`Initial load of ${count(residents)} residents, ${engine} engine:`);
  const samples = await load(loader, residents, BATCH[engine], rows);
  await loading.close();

  await using sealed = await openPkcs11Vault({ ...hsm, minimumLevel: LEVELS[level] });
  const issuer = await openIssuer({ vault: sealed, store });
  await issuer.registerRecordPeriod(PERIOD);
  await translate(issuer, samples, rows);
  await repeat(issuer, residents, rows);
  await forge(issuer, samples, rows);
  const assurance = await sealed.assurance();
  rows.push([`level proved by attacks: ${assurance.level} ${assurance.name}`, '', '']);
  await measureDatabase(site, rows);
  printTable('What was done', rows);
  await showOnePerson(issuer, samples);
  return samples;
}

/** Initial load: every resident for every institution. Keeps the first codes of each, to compare with later. */
async function load(issuer: Issuer, residents: number, batch: number, rows: Row[]): Promise<Samples> {
  const samples = new Map<string, string[]>();
  for (const { code, name } of INSTITUTIONS) {
    const bar = new Bar(name, residents);
    const sample: string[] = [];
    for await (const result of issuer.issueAll(code, population(residents, code, batch), {
      onProgress: ({ issued }) => bar.update(issued),
    })) {
      if (result.counts.issued !== result.length) throw new Error('the load was not clean');
      for (let n = 0; n < result.length && sample.length < SAMPLE; n++) {
        const item = result.at(n);
        if (item?.status === 'issued') sample.push(item.code);
      }
    }
    bar.stop();
    rows.push([`codes issued to ${code}`, count(residents), perSecond(residents, bar.ms)]);
    samples.set(code, sample);
  }
  return samples;
}

/** Translates the first codes of one institution into another's and holds them against the load. */
async function translate(issuer: Issuer, samples: Samples, rows: Row[]): Promise<void> {
  const [from, to] = INSTITUTIONS;
  const texts = samples.get(from.code) ?? [];
  const expected = samples.get(to.code) ?? [];
  const start = performance.now();
  const result = await issuer.translate(texts, { from: from.code, to: to.code });
  const ms = performance.now() - start;
  for (const item of result) {
    if (item.status !== 'translated' || item.code !== expected[item.index]) {
      throw new Error(`translation ${item.index} does not agree with the load`);
    }
  }
  rows.push(['sealed translations A → B, all as loaded', count(texts.length), perSecond(texts.length, ms)]);
}

/** The same request again: the institution is told that it has the codes, and is not given them. */
async function repeat(issuer: Issuer, residents: number, rows: Row[]): Promise<void> {
  const [request] = population(Math.min(residents, 1_000), 'again', 1_000);
  if (request === undefined) return;
  const start = performance.now();
  const { counts, length } = await issuer.issueBatch(INSTITUTIONS[0].code, request);
  if (counts.alreadyIssued !== length) throw new Error('a repeated request was not recognised');
  rows.push([
    'repeated requests, all already-issued',
    count(length),
    perSecond(length, performance.now() - start),
  ]);
}

/** One character changed: the HSM refuses the code before any row is looked up. */
async function forge(issuer: Issuer, samples: Samples, rows: Row[]): Promise<void> {
  const [from, to] = INSTITUTIONS;
  const genuine = samples.get(from.code)?.[0] ?? '';
  const at = randomInt(2, genuine.length);
  const forged = genuine.slice(0, at) + (genuine[at] === 'a' ? 'b' : 'a') + genuine.slice(at + 1);
  const [item] = await issuer.translate([forged], { from: from.code, to: to.code });
  if (item?.status !== 'refused') throw new Error('a forged code was not refused');
  rows.push([`forged code refused: ${item.error}`, '1', '']);
}

async function measureDatabase({ store, folder }: Site, rows: Row[]): Promise<void> {
  const { persons, issuances } = await store.count();
  rows.push(['persons in the issuance store', count(persons), '']);
  rows.push(['issuances in the issuance store', count(issuances), '']);
  // The write-ahead log is part of the database until its pages are moved into the file.
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, { name }) => sum + statSync(`${folder}/${name}`).size, 0);
  const size = `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  rows.push(['database', size, `${Math.round(bytes / persons)} bytes a person`]);
}

async function showOnePerson(issuer: Issuer, samples: Samples): Promise<void> {
  const codes = INSTITUTIONS.map(({ code }) => samples.get(code)?.[0] ?? '');
  const record = await issuer.recordCodes(codes.slice(0, 1), { from: INSTITUTIONS[0].code, period: PERIOD });
  printTable('One person, side by side', [
    ...INSTITUTIONS.map(({ code, name }, k) => [`${name} ${code}`, codes[k] ?? '']),
    [`情報提供等記録用符号 ${PERIOD}`, Buffer.from(record.codes).toString('hex')],
  ]);
}
