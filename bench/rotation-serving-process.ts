import { join } from 'node:path';
import { type Issuer, openIssuer, type Rotation } from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { fail } from './issuing.js';
import { capacityOf, type Waits, waitsOf } from './offered-load.js';
import { requests } from './requests.js';
import type { BenchResult } from './results.js';
import { measureRotating, type RotationBench, withPeople } from './rotating.js';
import { accessTo, OTHER, REKEYED } from './rotation-token.js';
import { RotationWorker } from './rotation-worker.js';
import { median } from './rounds.js';

/**
 * How long callers wait for one translation while a worker in another process re-keys the institution that they come
 * from, and without it; sealed engine on both sides, SQLite. In a process of its own.
 */

const PEOPLE = 200_000;
const SEED = 13;
/** People whose codes are translated; others only stand in the store. */
const ASKED = 5_000;
/** Callers that wait for each other's turn while the most that can be served is found. */
const CALLERS = 64;
/** What the worker is held to: about a quarter of what it could do alone. */
const ROWS_PER_SECOND = 3_000;

async function measure(bench: RotationBench): Promise<BenchResult[]> {
  const { quick } = bench.options;
  const path = join(bench.folder, 'issuance.sqlite');
  await using store = await openSqliteStore({ path });
  return await withPeople(bench, store, PEOPLE, async ({ rotations, issuer: filling }) => {
    await filling.registerInstitution(OTHER);
    const texts = await issueTexts(filling);
    await using vault = await openPkcs11Vault({ ...accessTo(bench.token), engine: 'sealed' });
    await using issuer = await openIssuer({ vault, store });
    const translate = (n: number) => translateOne(issuer, texts[n % ASKED] as string);
    await capacityOf(CALLERS, ASKED, translate);
    const offered = (await capacityOf(CALLERS, quick ? ASKED : 4 * ASKED, translate)) / 2;
    const callers = Math.round(offered * (quick ? 2 : 10));
    const folder = join(bench.folder, 'rotation');
    const rounds: { readonly without: Waits; readonly during: Waits }[] = [];
    for (let k = 0; k < (quick ? 3 : 5); k++) {
      const without = await waitsOf(callers, offered, translate);
      const rotation = await rotations.begin({ kind: 'institution', institution: REKEYED });
      const plan = { store: { path }, folder, rotation: rotation.id, rowsPerSecond: ROWS_PER_SECOND };
      const worker = await RotationWorker.start(bench.token, plan);
      const working = worker.work();
      const during = await waitsOf(callers, offered, translate);
      await requireUnderWay(rotation);
      await rotation.abort({ folder });
      await working;
      rounds.push({ without, during });
    }
    const result = (name: string, key: 'without' | 'during') => ({
      name,
      unit: 'requests/s',
      rate: offered,
      halfLoadP50Ms: median(rounds.map((round) => round[key].halfLoadP50Ms)),
      halfLoadP99Ms: median(rounds.map((round) => round[key].halfLoadP99Ms)),
    });
    return [result('rotate.serving-alone', 'without'), result('rotate.serving', 'during')];
  });
}

/** Issues to the people who are asked for, at both institutions. Gives the codes of the first, in external form. */
async function issueTexts(issuer: Issuer): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const request of requests(SEED, 0, ASKED)) {
    const { residents, acquisitionNumbers } = request;
    const again = { acquisitionNumbers, residents: (residents as Uint8Array).slice() };
    await issuer.issueBatch(OTHER, again);
    for (const item of await issuer.issueBatch(REKEYED, request)) {
      if ('code' in item && item.code !== undefined) texts.push(item.code);
    }
  }
  if (texts.length !== ASKED) throw new Error('the issuance was not clean');
  return texts;
}

async function translateOne(issuer: Issuer, text: string): Promise<void> {
  const result = await issuer.translate([text], { from: REKEYED, to: OTHER });
  for (const { status } of result)
    if (status !== 'translated') throw new Error('the translation was not clean');
}

/** A worker that has nothing left to do would disturb nobody. */
async function requireUnderWay(rotation: Rotation): Promise<void> {
  const { done, parts } = await rotation.progress();
  if (done === parts) throw new Error('the rotation ended before the measurement');
}

measureRotating({ serving: measure }).catch(fail);
