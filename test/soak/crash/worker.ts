import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Issuer, openIssuer } from 'renkei';
import { Dice } from './dice.js';
import type { IssueAction } from './journal.js';
import { lossyStore } from './lossy-store.js';
import { perform, performBatch, performSingle, untilAnswered } from './perform.js';
import { eraseLoad, performLoad } from './perform-load.js';
import { openStore, openVault, type StorePlace, type VaultPlace } from './places.js';
import { INSTITUTIONS } from './population.js';
import { type Role, Workload } from './workload.js';

/** A process that works on a store until it is killed. It is told what to do in one line, as JSON. */

/** A bulk load whose process was killed. */
export interface UnfinishedLoad {
  readonly operation: string;
  readonly action: IssueAction;
}

export interface WorkerPlan {
  /** Like no other worker's on the same store. */
  readonly worker: number;
  readonly seed: number;
  readonly role: Role;
  readonly store: StorePlace;
  readonly vault: VaultPlace;
  /** Folder of the bulk loads, each in one of its own by the name of the operation. */
  readonly loads: string;
  /** A load to finish first. */
  readonly unfinished?: UnfinishedLoad;
  /** Breaks the store on purpose. */
  readonly lossy: boolean;
}

const SINGLE_CALLERS = 4;

async function work(plan: WorkerPlan): Promise<void> {
  const { worker, role } = plan;
  const issuer = await untilAnswered(`${worker}-open`, () => open(plan));
  if (issuer === undefined) return;
  const workload = new Workload(new Dice(plan.seed), worker);
  if (plan.unfinished !== undefined) await load(issuer, plan.loads, plan.unfinished);
  let operations = 0;
  const goOn = async () => {
    for (;;) {
      const operation = `${worker}-${operations++}`;
      if (role === 'load') await load(issuer, plan.loads, { operation, action: workload.issue(role) });
      else await operate(issuer, role, workload, operation);
    }
  };
  await Promise.all(Array.from({ length: role === 'single' ? SINGLE_CALLERS : 1 }, goOn));
}

async function open({ store: place, vault, lossy }: WorkerPlan): Promise<Issuer> {
  const store = await openStore(place);
  try {
    const parts = { vault: await openVault(vault), store: lossy ? lossyStore(store) : store };
    const issuer = await openIssuer(parts);
    for (const institution of INSTITUTIONS) await issuer.registerInstitution(institution);
    return issuer;
  } catch (error) {
    await store.close();
    throw error;
  }
}

function operate(
  issuer: Issuer,
  role: Exclude<Role, 'load'>,
  workload: Workload,
  operation: string,
): Promise<void> {
  if (role === 'single') {
    const action = workload.issue(role);
    return perform(operation, action, () => performSingle(issuer, action));
  }
  const action = role === 'issue' ? workload.issue(role) : workload[role]();
  return perform(operation, action, () => performBatch(issuer, action));
}

async function load(issuer: Issuer, loads: string, { operation, action }: UnfinishedLoad): Promise<void> {
  const folder = join(loads, operation);
  await perform(operation, action, () => performLoad(issuer, action, folder));
  await untilAnswered(`${operation}-erase`, () => eraseLoad(issuer, action, folder));
}

const lines = createInterface(process.stdin);
// Without a parent there is nobody to work for.
lines.once('close', () => process.exit());
lines.once('line', (line) => void work(JSON.parse(line) as WorkerPlan));
