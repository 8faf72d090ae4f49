import { join } from 'node:path';
import pkcs11js from 'pkcs11js';
import {
  checkRotationReceipt,
  type IssuanceStore,
  institutionAudience,
  parseInstitutionCode,
  type SignedReceipt,
  storeAudience,
  type Vault,
} from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { CODE_LENGTH } from '../src/codes/per-institution-code.js';
import { PAGE_ROWS } from '../src/rotation/scan.js';
import { type BareSession, openBareSession } from '../test/support/bare-session.js';
import { syntheticResidents } from '../test/support/residents.js';
import { rawEcb } from './engines.js';
import { fail } from './issuing.js';
import { peakRssMiB } from './peak-rss.js';
import type { BenchResult } from './results.js';
import { measureRotating, type PeopledStore, type RotationBench, withPeople } from './rotating.js';
import { accessTo, REKEYED } from './rotation-token.js';
import { compare, median, paceOf, type Work } from './rounds.js';

/** Rotations by one worker, on SQLite where there is a store, in a process of its own. */

const INSTITUTION = parseInstitutionCode(REKEYED);
const STORE = storeAudience(1);
const [OLD, NEW] = [institutionAudience(INSTITUTION, 1), institutionAudience(INSTITUTION, 2)] as const;
/** Calls of the vault at a time, as a worker makes them. */
const CALLS = 3;
/** AES calls for a pair: twelve open the store code, and twice twelve make the old code and the new one. */
const BLOCKS_A_PAIR = 36;
/** Rows a call of the sealed engine: so many that they take longer than the call. */
const SEALED_ROWS = 512;
const SEED = 12;

/** Makes pairs of store codes as a worker does. */
function pairs(vault: Vault, storeCodes: Uint8Array, calls: number): Work {
  return async () => {
    await Promise.all(Array.from({ length: calls }, () => vault.translate(storeCodes, STORE, [OLD, NEW])));
    return (calls * storeCodes.length) / CODE_LENGTH;
  };
}

async function codesUnder(vault: Vault, audience: typeof STORE | typeof OLD, rows: number) {
  const { codes } = await vault.derive(syntheticResidents(SEED, 0, rows), [audience]);
  return codes[0] as Uint8Array;
}

/** The cryptography alone, with the bulk engine beside the bare C_Encrypt. */
async function measurePairs({ options, token }: RotationBench): Promise<BenchResult[]> {
  await using vault = await openPkcs11Vault({ ...accessTo(token), engine: 'bulk' });
  const storeCodes = await codesUnder(vault, STORE, PAGE_ROWS);
  const session = openBareSession(token.module, token.token.label, token.userPin);
  try {
    const limit = rawEcb(session, findKey(session));
    const result = await compare(
      paceOf(options.quick),
      pairs(vault, storeCodes, CALLS),
      limit,
      BLOCKS_A_PAIR,
    );
    return [{ name: 'rotate.pairs', unit: 'pairs/s', ...result }];
  } finally {
    session.close();
  }
}

function findKey({ module, handle }: BareSession): Buffer {
  module.C_FindObjectsInit(handle, [{ type: pkcs11js.CKA_LABEL, value: STORE }]);
  const [key] = module.C_FindObjects(handle, 1);
  module.C_FindObjectsFinal(handle);
  return key as Buffer;
}

/** The cryptography alone, with the sealed engine beside translations by the same. */
async function measureSealed({ options, token }: RotationBench): Promise<BenchResult[]> {
  await using vault = await openPkcs11Vault({ ...accessTo(token), engine: 'sealed' });
  const storeCodes = await codesUnder(vault, STORE, SEALED_ROWS);
  const codes = await codesUnder(vault, OLD, SEALED_ROWS);
  const translations: Work = async () => {
    await vault.translate(codes, OLD, [NEW]);
    return SEALED_ROWS;
  };
  const result = await compare(paceOf(options.quick), pairs(vault, storeCodes, 1), translations);
  return [{ name: 'rotate.sealed', unit: 'pairs/s', ...result }];
}

/** From `begin` to delivery and receipt on the disk, each time right after reading and computing alone. */
async function measureSqlite(bench: RotationBench): Promise<BenchResult[]> {
  const { quick } = bench.options;
  const people = quick ? 200_000 : 1_000_000;
  await using store = await openSqliteStore({ path: join(bench.folder, 'issuance.sqlite') });
  return await withPeople(bench, store, people, async (peopled) => {
    const rounds: { readonly rate: number; readonly reading: number; readonly computing: number }[] = [];
    for (let k = 0; k < (quick ? 2 : 5); k++) {
      const reading = await readingRate(store);
      const computing = await computingRate(peopled.vault, people);
      rounds.push({ rate: people / (await rekey(peopled, bench.folder, people)), reading, computing });
    }
    const middle = (key: 'rate' | 'reading' | 'computing') => median(rounds.map((round) => round[key]));
    const slower = middle('reading') < middle('computing') ? 'reading' : 'computing';
    return [
      {
        name: 'rotate.sqlite',
        unit: 'pairs/s',
        rate: middle('rate'),
        limit: middle(slower),
        limitedBy: slower,
        ratio: median(rounds.map((round) => round.rate / round[slower])),
        peakRssMiB: peakRssMiB(),
      },
    ];
  });
}

/** Rotates the institution's key as far as the delivery, checks it, and rolls back. Gives the seconds. */
async function rekey({ rotations }: PeopledStore, parent: string, people: number): Promise<number> {
  const folder = join(parent, 'rotation');
  const start = performance.now();
  const rotation = await rotations.begin({ kind: 'institution', institution: REKEYED });
  await rotation.work({ folder });
  const receipt = await rotation.verify({ folder });
  const seconds = (performance.now() - start) / 1000;
  requirePairs(receipt, people);
  await rotation.abort({ folder });
  return seconds;
}

/** Makes sure that the delivery is of everybody. */
function requirePairs(receipt: SignedReceipt, people: number): void {
  const { counts } = checkRotationReceipt({ receipt });
  if (counts.pairs !== people) throw new Error('the rotation was not clean');
}

/** Reads all rows as a worker does, and does nothing with them. */
async function readingRate(store: IssuanceStore): Promise<number> {
  const start = performance.now();
  let rows = 0;
  for (let after: Uint8Array | undefined; ; ) {
    const page = { limit: PAGE_ROWS, ...(after === undefined ? {} : { after }) };
    const { storeCodes } = await store.issuances(INSTITUTION, page);
    rows += storeCodes.length / CODE_LENGTH;
    if (storeCodes.length < PAGE_ROWS * CODE_LENGTH) return (rows * 1000) / (performance.now() - start);
    after = storeCodes.slice(-CODE_LENGTH);
  }
}

async function computingRate(vault: Vault, people: number): Promise<number> {
  const work = pairs(vault, await codesUnder(vault, STORE, PAGE_ROWS), CALLS);
  const start = performance.now();
  let made = 0;
  while (made < people) made += await work();
  return (made * 1000) / (performance.now() - start);
}

/** All of it, to the last row moved: what is replaced is the store key, or every key. */
function measureWhole(kind: 'store' | 'generation') {
  return async (bench: RotationBench): Promise<BenchResult[]> => {
    const people = bench.options.quick ? 50_000 : 300_000;
    await using store = await openSqliteStore({ path: join(bench.folder, 'issuance.sqlite') });
    return await withPeople(bench, store, people, async ({ rotations }) => {
      const folder = join(bench.folder, 'rotation');
      const request = kind === 'store' ? ({ kind } as const) : ({ kind, source: 'store' } as const);
      const start = performance.now();
      const rotation = await rotations.begin(request);
      await rotation.work({ folder });
      const receipt = await rotation.verify({ folder });
      await rotation.switch({ folder, graceMs: 0 });
      await rotation.retire();
      const seconds = (performance.now() - start) / 1000;
      if (kind === 'generation') requirePairs(receipt, people);
      const name = `rotate.${kind}`;
      return [{ name, unit: 'people/s', rate: people / seconds, peakRssMiB: peakRssMiB() }];
    });
  };
}

measureRotating({
  pairs: measurePairs,
  sealed: measureSealed,
  sqlite: measureSqlite,
  store: measureWhole('store'),
  generation: measureWhole('generation'),
}).catch(fail);
