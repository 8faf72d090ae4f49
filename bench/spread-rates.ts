import { writeFileSync } from 'node:fs';
import {
  type IssuanceStore,
  institutionAudience,
  linkKey,
  parseInstitutionCode,
  storeAudience,
} from 'renkei';
import { openPostgresStore } from 'renkei/postgres';
import { ScratchSpread } from '../test/support/spread-postgres.js';
import { describeMachine } from './results.js';
import { sortedCodes } from './sorted-codes.js';

/**
 * Measures what docs/stores/postgresql-spread.md quotes: `npx tsx bench/spread-rates.ts FILE`. A coordinator and three
 * servers share this machine, so the figures say what spreading costs, not what more machines bring.
 */

const INSTITUTION = parseInstitutionCode('RENKEIBENCH1');
const ROWS = 1_000_000;
const RETURNED = 20_000;

const rows: { readonly what: string; readonly rate: number }[] = [];

function note(what: string, count: number, start: number): void {
  const rate = Math.round((count * 1000) / (performance.now() - start));
  console.log(`${what}: ${rate.toLocaleString('en')} a second`);
  rows.push({ what, rate });
}

async function begin(store: IssuanceStore): Promise<void> {
  const names = [linkKey(1), storeAudience(1)];
  await store.begin(names.map((name, k) => ({ name, fingerprint: `${k}`.padEnd(16, '0'), registeredAt: 0 })));
  const name = institutionAudience(INSTITUTION, 1);
  await store.registerKey({ name, fingerprint: 'f'.repeat(16), registeredAt: 0 });
}

async function issueAll(what: string, store: IssuanceStore): Promise<void> {
  const batches = [...sortedCodes(ROWS)];
  const start = performance.now();
  for (const storeCodes of batches) {
    const batch = { institution: INSTITUTION, keyVersion: 1, generation: 1, issuedAt: 0, storeCodes };
    const { versions } = await store.issue(batch);
    if (versions.some((version) => version !== 0)) throw new Error('the issuance was not clean');
  }
  note(`${what}: issue`, ROWS, start);
  const again = performance.now();
  for (const storeCodes of batches) await store.lookUp(INSTITUTION, storeCodes);
  note(`${what}: look-up`, ROWS, again);
}

/** The same insertion of bare rows into the spread table, asked to give its rows back or not. */
async function insertBare(what: string, spread: ScratchSpread, returning: string): Promise<void> {
  const start = performance.now();
  await spread.coordinator.query(`
    INSERT INTO spread.issuance (issued_at, institution_id, key_version, store_code)
    SELECT 0, 1, 1, substring(sha256(('${returning}' || i)::bytea) FOR 24)
    FROM generate_series(1, ${RETURNED}) AS i ON CONFLICT DO NOTHING ${returning}`);
  note(what, RETURNED, start);
}

const spread = await ScratchSpread.start();
try {
  const one = await openPostgresStore({ connection: spread.coordinator.main, schema: 'one_server' });
  await begin(one);
  await issueAll('one server', one);
  await one.close();
  const three = await openPostgresStore(spread.options('spread'));
  await begin(three);
  await issueAll('three servers', three);
  await insertBare('three servers: bare INSERT', spread, '');
  await insertBare('three servers: bare INSERT … RETURNING', spread, 'RETURNING store_code');
  await three.close();
} finally {
  await spread.remove();
}
const [path] = process.argv.slice(2);
if (path !== undefined) {
  writeFileSync(path, `${JSON.stringify({ machine: describeMachine(), rows }, null, 2)}\n`);
}
