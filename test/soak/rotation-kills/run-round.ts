import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dice } from '../crash/dice.js';
import { openStore, type StorePlace } from '../crash/places.js';
import { type Doom, DoomedWorker } from './doomed-worker.js';
import { differences, readOutcome } from './outcome.js';
import { makeStore, type RoundKind } from './population.js';
import { Serving, type ServingResult } from './serving.js';
import type { Stores } from './stores.js';
import type { WorkerPlan, WorkerStep } from './worker-plan.js';

/** What a round is to be. */
export interface Round {
  readonly kind: RoundKind;
  readonly people: number;
  /** Workers to kill at least; more rotations are not begun for it. */
  readonly kills: number;
  /** An issuer serves all the while; what comes out then is held against its answers, and not against another run. */
  readonly serving: boolean;
}

/** What a round came to. */
export interface RoundResult {
  readonly kills: number;
  /** Parts that were claimed, and those of them that a worker before had been killed over. */
  readonly parts: number;
  readonly partsAnew: number;
  /** Steps that a worker was killed in, by name. */
  readonly killedIn: Readonly<Record<string, number>>;
  readonly served: ServingResult;
  /** What is not as it should be, in words. */
  readonly findings: readonly string[];
}

/** Workers at once on one rotation. */
const WORKERS = 2;
const GRACE_MS = 100;
/** How long after the beginning of a step a worker is killed at most: about as long as the step takes. */
const LONGEST_MS: Readonly<Record<WorkerStep, number>> = {
  open: 20,
  receive: 300,
  work: 400,
  verify: 150,
  switch: GRACE_MS + 150,
  retire: 60,
};

/** One rotation, worked on by processes that are killed again and again, and the same rotation without a kill. */
export async function runRound(round: Round, stores: Stores, dice: Dice): Promise<RoundResult> {
  const folder = mkdtempSync(join(tmpdir(), 'renkei-rotation-round-'));
  try {
    const place = await stores.make();
    const { rotation, people } = await makeStore(place, round.kind, round.people);
    const undisturbed = await stores.copy(place);
    const plan = (store: StorePlace, name: string): Omit<WorkerPlan, 'worker' | 'leads'> => {
      return {
        ...{ store, rotation, people },
        kind: round.kind,
        folder: join(folder, name),
        graceMs: GRACE_MS,
      };
    };
    const serving = round.serving ? await Serving.start(place, round.kind, people, dice) : undefined;
    const killed = await workToTheEnd(plan(place, 'killed'), round.kills, dice);
    const findings: string[] = [];
    if (serving === undefined) {
      await new DoomedWorker().work({ ...plan(undisturbed, 'undisturbed'), worker: 'only', leads: true });
      const whole = await readOutcome(undisturbed, join(folder, 'undisturbed'), rotation);
      findings.push(...differences(whole, await readOutcome(place, join(folder, 'killed'), rotation)));
    }
    const served = await serving?.end(join(folder, 'killed'), rotation);
    findings.push(...(served?.findings ?? []));
    return { ...killed, served: served ?? { requests: 0, askedAgain: 0, findings: [] }, findings };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lets workers work and kills them, until so many were killed; the last ones bring the rotation to its end. */
async function workToTheEnd(
  plan: Omit<WorkerPlan, 'worker' | 'leads'>,
  kills: number,
  dice: Dice,
): Promise<Pick<RoundResult, 'kills' | 'parts' | 'partsAnew' | 'killedIn'>> {
  const claims: number[] = [];
  const killedIn: Record<string, number> = {};
  let killed = 0;
  let workers = 0;
  const one = async (leads: boolean, doom: Doom | undefined) => {
    const worker = new DoomedWorker();
    const step = await worker.work({ ...plan, worker: `worker-${workers++}`, leads }, doom);
    for (const line of worker.lines) if (line.event === 'claim') claims.push(line.part);
    if (step === undefined) return;
    killed++;
    killedIn[step] = (killedIn[step] ?? 0) + 1;
  };
  for (;;) {
    const status = await statusOf(plan);
    if (status === 'retired') break;
    const works = Array.from({ length: status === 'running' ? WORKERS : 1 }, (_, k) => {
      // Who leads delivers the list: once it is killed nobody beside it can be left to wait for that.
      const isDoomed = killed + (plan.kind === 'list' ? 0 : k) < kills;
      return one(k === 0, isDoomed ? doomOf(status, k === 0, killed < kills / 2, dice) : undefined);
    });
    // Whatever fails, no worker outlives its round.
    await Promise.allSettled(works);
    await Promise.all(works);
  }
  const parts = new Set(claims).size;
  return { kills: killed, parts, partsAnew: claims.length - parts, killedIn };
}

/**
 * When a worker is to be killed. Until half of the kills are done that is while parts are worked on, after that in
 * the steps that follow.
 */
function doomOf(status: string | undefined, leads: boolean, isEarly: boolean, dice: Dice): Doom {
  const step = dice.chance(0.1) ? 'open' : leads ? stepOf(status, isEarly, dice) : 'work';
  return { step, delayMs: dice.below(LONGEST_MS[step] + 1) };
}

function stepOf(status: string | undefined, isEarly: boolean, dice: Dice): WorkerStep {
  if (status === 'running')
    return dice.oneOf(isEarly ? ['receive', 'work', 'work'] : ['verify', 'switch', 'retire']);
  return status === 'verified' ? dice.oneOf(['switch', 'retire']) : 'retire';
}

async function statusOf({ store: place, rotation }: Pick<WorkerPlan, 'store' | 'rotation'>) {
  const store = await openStore(place);
  try {
    return (await store.rotations()).find(({ id }) => id === rotation)?.status;
  } finally {
    await store.close();
  }
}
