import { join } from 'node:path';
import { openPostgresStore } from 'renkei/postgres';
import type { ScratchDatabase } from '../test/support/postgres.js';
import { fail } from './issuing.js';
import { onPostgresServer } from './postgres-server.js';
import type { BenchResult } from './results.js';
import { measureRotating, type PeopledStore, type RotationBench, withPeople } from './rotating.js';
import { REKEYED } from './rotation-token.js';
import { RotationWorker } from './rotation-worker.js';
import { median } from './rounds.js';

/** One and two workers on PostgreSQL, in processes of their own, with the sealed engine: it is the limit, not the store. */

interface Round {
  /** Pairs a second. */
  readonly rate: number;
  /** Processors that the workers kept busy. */
  readonly processors: number;
}

async function measure(bench: RotationBench, database: ScratchDatabase): Promise<BenchResult[]> {
  const { quick } = bench.options;
  const people = quick ? 60_000 : 400_000;
  await using store = await openPostgresStore({ connection: { ...database } });
  return await withPeople(bench, store, people, async (peopled) => {
    const one: Round[] = [];
    const two: Round[] = [];
    for (let k = 0; k < (quick ? 1 : 3); k++) {
      one.push(await rekey(bench, peopled, database, people, 1));
      two.push(await rekey(bench, peopled, database, people, 2));
    }
    const middle = (rounds: readonly Round[], key: keyof Round) => median(rounds.map((round) => round[key]));
    const result = (name: string, rounds: readonly Round[]) => ({
      name,
      unit: 'pairs/s',
      rate: middle(rounds, 'rate'),
      processors: middle(rounds, 'processors'),
    });
    return [
      result('rotate.postgres', one),
      // As it was measured in one round: what others leave of the machine changes between rounds.
      { name: 'rotate.postgres-2', unit: 'pairs/s', ...middleRound(one, two) },
    ];
  });
}

/** The round whose gain is the median: what two workers did, and what one had done just before. */
function middleRound(
  one: readonly Round[],
  two: readonly Round[],
): Pick<BenchResult, 'rate' | 'limit' | 'ratio' | 'processors'> {
  const rounds = two.map(({ rate, processors }, k) => {
    const limit = (one[k] as Round).rate;
    return { rate, limit, ratio: rate / limit, processors };
  });
  const ratio = median(rounds.map((round) => round.ratio));
  return rounds.reduce((best, round) =>
    Math.abs(round.ratio - ratio) < Math.abs(best.ratio - ratio) ? round : best,
  );
}

/** The work of a rotation by so many workers, which are there when it begins; rolled back after it. */
async function rekey(
  { token, folder: parent }: RotationBench,
  { rotations }: PeopledStore,
  database: ScratchDatabase,
  people: number,
  workers: number,
): Promise<Round> {
  const folder = join(parent, 'rotation');
  const rotation = await rotations.begin({ kind: 'institution', institution: REKEYED });
  const plan = { store: { connection: database }, folder, rotation: rotation.id };
  const started = await Promise.all(Array.from({ length: workers }, () => RotationWorker.start(token, plan)));
  const start = performance.now();
  const done = await Promise.all(started.map((worker) => worker.work()));
  const seconds = (performance.now() - start) / 1000;
  const { rows } = await rotation.progress();
  if (rows !== people) throw new Error('the rotation was not clean');
  await rotation.abort({ folder });
  const cpuSeconds = done.reduce((sum, worker) => sum + worker.cpuSeconds, 0);
  return { rate: people / seconds, processors: cpuSeconds / seconds };
}

onPostgresServer(async (server) => {
  const database = await server.newDatabase();
  await measureRotating({ workers: (bench) => measure(bench, database) });
}).catch(fail);
