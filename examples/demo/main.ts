import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { type Issuer, openIssuer } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { syntheticResidents } from '../../test/support/residents.js';
import { makeScratchToken, type ScratchToken } from '../../test/support/softhsm.js';
import { type DemoArguments, readArguments } from './arguments.js';
import { printTable } from './table.js';

/** The main job, from an empty HSM and an empty database to a translated code, on SoftHSM and SQLite. */

const INSTITUTIONS = [
  { code: '0220113112101700', name: '情報照会者 A' },
  { code: '0110100000000100', name: '情報提供者 B' },
  { code: '0330271001001900', name: '情報提供者 C' },
] as const;
const PERIOD = '2026';
/** Rows of a transaction: the sealed engine makes some thousand codes a second, and the bar should move. */
const BATCH = { bulk: 20_000, sealed: 2_000 } as const;
const TRANSLATIONS = 10_000;
const SEED = 20_261_120;

type Row = readonly [what: string, count: string, rate: string];

const count = (n: number) => n.toLocaleString('en');
const perSecond = (n: number, ms: number) => `${count(Math.round(n / (ms / 1000)))} /s`;

/** Reads the population as packed batches; nothing but the batch at hand is in memory. */
function* population(residents: number, prefix: string, batch: number) {
  for (let first = 0; first < residents; first += batch) {
    const size = Math.min(batch, residents - first);
    yield {
      acquisitionNumbers: Array.from({ length: size }, (_, n) => `${prefix}-${first + n}`),
      residents: syntheticResidents(SEED, first, size),
    };
  }
}

/** Initial load: every resident for every institution. Keeps the first codes of each, to compare with later. */
async function load(
  issuer: Issuer,
  residents: number,
  batch: number,
  rows: Row[],
): Promise<Map<string, string[]>> {
  const samples = new Map<string, string[]>();
  for (const { code, name } of INSTITUTIONS) {
    const bar = new SingleBar({ format: `  ${name} [{bar}] {value}/{total}  {rate}`, hideCursor: true });
    const start = performance.now();
    const sample: string[] = [];
    bar.start(residents, 0, { rate: '' });
    for await (const result of issuer.issueAll(code, population(residents, code, batch), {
      onProgress: ({ issued }) => bar.update(issued, { rate: perSecond(issued, performance.now() - start) }),
    })) {
      if (result.counts.issued !== result.length) throw new Error('the load was not clean');
      for (let n = 0; n < result.length && sample.length < TRANSLATIONS; n++) {
        const item = result.at(n);
        if (item?.status === 'issued') sample.push(item.code);
      }
    }
    bar.stop();
    rows.push([`codes issued to ${code}`, count(residents), perSecond(residents, performance.now() - start)]);
    samples.set(code, sample);
  }
  return samples;
}

/** Translates the first codes of one institution into another's and holds them against the load. */
async function translate(issuer: Issuer, samples: Map<string, string[]>, rows: Row[]): Promise<void> {
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
async function forge(issuer: Issuer, samples: Map<string, string[]>, rows: Row[]): Promise<void> {
  const [from, to] = INSTITUTIONS;
  const genuine = samples.get(from.code)?.[0] ?? '';
  const at = randomInt(2, genuine.length);
  const forged = genuine.slice(0, at) + (genuine[at] === 'a' ? 'b' : 'a') + genuine.slice(at + 1);
  const [item] = await issuer.translate([forged], { from: from.code, to: to.code });
  if (item?.status !== 'refused') throw new Error('a forged code was not refused');
  rows.push([`forged code refused: ${item.error}`, '1', '']);
}

const LEVELS = { 'host-visible': 1, 'hsm-sealed': 2, 'hsm-enforced': 3 } as const;

async function run(token: ScratchToken, folder: string, { level, residents }: DemoArguments): Promise<void> {
  const rows: Row[] = [];
  const open = { module: token.module, token: token.token, pin: token.pin };
  const audiences = [
    'store/1',
    `record/${PERIOD}`,
    ...INSTITUTIONS.map(({ code }) => `institution/${code}/1`),
  ];
  const made = await provisionKeys({
    ...open,
    soPin: () => token.soPin,
    keys: ['link/1', ...audiences].map((name) => ({ name, level: LEVELS[level] })),
  });
  rows.push([`keys made in the HSM, ${level}`, count(made.length), '']);

  const path = join(folder, 'issuance.sqlite');
  await using store = await openSqliteStore({ path });
  // A load through the bulk engine needs keys of level 1; above it the sealed engine makes every code.
  const engine = level === 'host-visible' ? 'bulk' : 'sealed';
  const loading = await openPkcs11Vault({ ...open, engine, minimumLevel: LEVELS[level] });
  const loader = await openIssuer({ vault: loading, store });
  for (const { code } of INSTITUTIONS) await loader.registerInstitution(code);
  console.log(`Initial load of ${count(residents)} residents, ${engine} engine:`);
  const samples = await load(loader, residents, BATCH[engine], rows);
  await loading.close();

  await using sealed = await openPkcs11Vault({ ...open, minimumLevel: LEVELS[level] });
  const issuer = await openIssuer({ vault: sealed, store });
  await issuer.registerRecordPeriod(PERIOD);
  await translate(issuer, samples, rows);
  await repeat(issuer, residents, rows);
  await forge(issuer, samples, rows);
  const { persons, issuances } = await store.count();
  const assurance = await sealed.assurance();
  rows.push([`level proved by attacks: ${assurance.level} ${assurance.name}`, '', '']);
  rows.push(['persons in the issuance store', count(persons), '']);
  rows.push(['issuances in the issuance store', count(issuances), '']);
  // The write-ahead log is part of the database until its pages are moved into the file.
  const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  rows.push([
    'database',
    `${(bytes / 2 ** 20).toFixed(0)} MiB`,
    `${Math.round(bytes / persons)} bytes a person`,
  ]);
  printTable('What was done', rows);

  const codes = INSTITUTIONS.map(({ code }) => samples.get(code)?.[0] ?? '');
  const record = await issuer.recordCodes(codes.slice(0, 1), { from: INSTITUTIONS[0].code, period: PERIOD });
  printTable('One person, side by side', [
    ...INSTITUTIONS.map(({ code, name }, k) => [`${name} ${code}`, codes[k] ?? '']),
    [`情報提供等記録用符号 ${PERIOD}`, Buffer.from(record.codes).toString('hex')],
  ]);
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
