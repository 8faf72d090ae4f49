import { writeFileSync } from 'node:fs';
import { institutionAudience, storeAudience, type Vault } from 'renkei';
import { type KeyLevel, openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { makeNssToken } from '../test/support/nss.js';
import { serveToken } from '../test/support/p11-kit.js';
import { syntheticResidents } from '../test/support/residents.js';
import { makeScratchToken } from '../test/support/softhsm.js';
import { describeMachine } from './results.js';

/**
 * The rates that docs/hsm quotes: one session through `openPkcs11Vault`, best of several rounds, on every module that
 * is tried there. Prints one Markdown table, and writes the file that is named, from which the pages quote.
 */

const STORE = storeAudience(1);
const AAA = institutionAudience('AAA', 1);
const NAMES = ['link/1', STORE, AAA];
const ROUNDS = 9;
const ROWS = { sealed: 2_000, bulk: 300_000 } as const;

type Access = Omit<Parameters<typeof openPkcs11Vault>[0], 'engine'>;
type Engine = keyof typeof ROWS;

/** One row of the table; rates in codes a second. */
interface RateRow {
  readonly module: string;
  readonly level: KeyLevel;
  readonly engine: Engine;
  readonly derive: number;
  readonly translate: number;
}

const rows: RateRow[] = [];

async function provision(access: Access, level: KeyLevel, soPin?: () => string): Promise<void> {
  const keys = NAMES.map((name) => ({ name, level }));
  await provisionKeys({ ...access, ...(soPin === undefined ? {} : { soPin }), keys });
}

/** Rows a second of the fastest round. */
async function rate(rows: number, round: () => Promise<unknown>): Promise<number> {
  let best = 0;
  for (let k = 0; k < ROUNDS; k++) {
    const begin = performance.now();
    await round();
    best = Math.max(best, (rows * 1_000) / (performance.now() - begin));
  }
  return Math.round(best);
}

async function measure(module: string, level: KeyLevel, access: Access, engine: Engine): Promise<void> {
  const vault: Vault = await openPkcs11Vault({ ...access, engine });
  const count = ROWS[engine];
  try {
    const [codes] = (await vault.derive(syntheticResidents(1, 0, count), [STORE])).codes as [Uint8Array];
    const batches = Array.from({ length: ROUNDS }, () => syntheticResidents(1, 0, count));
    const derive = await rate(count, () => vault.derive(batches.pop() as Uint8Array, [STORE]));
    const translate = await rate(count, () => vault.translate(codes, STORE, [AAA]));
    const [one, two] = [derive, translate].map((value) => value.toLocaleString('en'));
    console.log(`| ${module} | ${level} | ${engine} | ${one} | ${two} |`);
    rows.push({ module, level, engine, derive, translate });
  } finally {
    await vault.close();
  }
}

console.log('| module | keys of level | engine | `derive` to one audience, codes/s | `translate`, codes/s |');
console.log('|---|---|---|---|---|');

const softhsm = makeScratchToken('renkei-rates-1');
const nss = makeNssToken();
try {
  for (const level of [1, 2, 3] as const) {
    const label = `renkei-rates-${level}`;
    if (level > 1) softhsm.addToken(label);
    const access = { module: softhsm.module, token: { label }, pin: softhsm.pin };
    await provision(access, level, () => softhsm.soPin);
    await measure('SoftHSM', level, access, 'sealed');
    if (level === 1) await measure('SoftHSM', level, access, 'bulk');
  }
  const remote = await serveToken(softhsm);
  const behind = { module: remote.module, token: softhsm.token, pin: softhsm.pin };
  await measure('SoftHSM behind p11-kit', 1, behind, 'bulk');
  await remote.stop();
  const { module, libraryParameters, token, pin } = nss;
  const persistent = { module, libraryParameters, token, pin };
  await provision(persistent, 1);
  await measure('NSS softokn', 1, persistent, 'sealed');
  await measure('NSS softokn', 1, persistent, 'bulk');
} finally {
  softhsm.remove();
  nss.remove();
}
const [path] = process.argv.slice(2);
if (path !== undefined) {
  writeFileSync(path, `${JSON.stringify({ machine: describeMachine(), rows }, null, 2)}\n`);
}
