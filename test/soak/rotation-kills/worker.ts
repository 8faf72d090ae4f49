import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { type IssuanceStore, openRotations, RenkeiError, type Rotation } from 'renkei';
import { openStore } from '../crash/places.js';
import { AUDIT_KEY, currentResidents, openVault } from './population.js';
import type { WorkerLine, WorkerPlan } from './worker-plan.js';

/** A process that brings one rotation to its end, or as far as it gets. It is told what to do in one line, as JSON. */

const LEASE_MS = 1_000;
const PAUSE_MS = 50;
/** Of others, on a store that several work on; the next attempt finds another status. */
const OVERTAKEN = ['ROTATION_STATUS', 'ROTATION_CONFLICT', 'ROTATION_INCOMPLETE', 'ROTATION_FOLDER'];

function say(line: WorkerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function run(plan: WorkerPlan): Promise<void> {
  const store = await openStore(plan.store);
  tellClaims(store);
  const rotations = await openRotations({ vault: await openVault(), store, auditKey: AUDIT_KEY });
  const rotation = await rotations.get(plan.rotation);
  say({ event: 'step', step: 'open' });
  for (;;) {
    try {
      if (await step(rotation, plan)) break;
    } catch (error) {
      if (!(error instanceof RenkeiError)) throw error;
      if (!error.retryable && !OVERTAKEN.includes(error.code)) throw error;
      say({ event: 'again', error: `${error.code}: ${error.message}` });
      await wait(PAUSE_MS);
    }
  }
  say({ event: 'done' });
  await store.close();
  process.exit(0);
}

/** Does what comes next. @returns true when there is nothing left to do */
async function step(rotation: Rotation, plan: WorkerPlan): Promise<boolean> {
  const { folder, worker, leads, kind, people, graceMs } = plan;
  const status = await rotation.status();
  if (status === 'running') {
    if (kind === 'list' && leads) {
      say({ event: 'step', step: 'receive' });
      await rotation.receiveResidents(currentResidents(people));
    }
    say({ event: 'step', step: 'work' });
    const { done, parts } = await rotation.work({ folder, worker, leaseMs: LEASE_MS });
    if (done < parts) await wait(PAUSE_MS);
    else if (!leads) return true;
    else {
      say({ event: 'step', step: 'verify' });
      await rotation.verify({ folder, sampleSize: 50 });
    }
  } else if (status === 'retired') return true;
  else if (leads) {
    say({ event: 'step', step: status === 'verified' ? 'switch' : 'retire' });
    if (status === 'verified') await rotation.switch({ folder, graceMs });
    else await rotation.retire({ batchRows: 200 });
  }
  return !leads && status !== 'running';
}

/** A part that is claimed again was begun by a worker that is gone. */
function tellClaims(store: IssuanceStore): void {
  const claimPart = store.claimPart.bind(store);
  store.claimPart = async (...args) => {
    const part = await claimPart(...args);
    if (part !== undefined) say({ event: 'claim', part });
    return part;
  };
}

const lines = createInterface(process.stdin);
// Without a parent there is nobody to work for.
lines.once('close', () => process.exit());
lines.once('line', (line) => {
  run(JSON.parse(line) as WorkerPlan).catch((error: unknown) => {
    say({ event: 'failed', error: error instanceof Error ? `${error.message} ${error.stack}` : 'unknown' });
    process.exit(1);
  });
});
