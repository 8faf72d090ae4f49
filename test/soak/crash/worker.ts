import { createInterface } from 'node:readline';
import { type Issuer, openIssuer } from 'renkei';
import { Dice } from './dice.js';
import { lossyStore } from './lossy-store.js';
import { perform, performBatch, performSingle, untilAnswered } from './perform.js';
import { openStore, openVault, type StorePlace, type VaultPlace } from './places.js';
import { INSTITUTIONS } from './population.js';
import { type Role, Workload } from './workload.js';

/** A process that works on a store until it is killed. It is told what to do in one line, as JSON. */

export interface WorkerPlan {
  /** Like no other worker's on the same store. */
  readonly worker: number;
  readonly seed: number;
  readonly role: Role;
  readonly store: StorePlace;
  readonly vault: VaultPlace;
  /** Breaks the store on purpose. */
  readonly lossy: boolean;
}

const SINGLE_CALLERS = 4;

async function work({ worker, seed, role, store: place, vault: keys, lossy }: WorkerPlan): Promise<void> {
  const issuer = await untilAnswered(`${worker}-open`, async () => {
    const store = await openStore(place);
    try {
      const opened = await openIssuer({
        vault: await openVault(keys),
        store: lossy ? lossyStore(store) : store,
      });
      for (const institution of INSTITUTIONS) await opened.registerInstitution(institution);
      return opened;
    } catch (error) {
      await store.close();
      throw error;
    }
  });
  if (issuer === undefined) return;
  const workload = new Workload(new Dice(seed), worker);
  let operations = 0;
  const goOn = async () => {
    for (;;) await operate(issuer, role, workload, `${worker}-${operations++}`);
  };
  await Promise.all(Array.from({ length: role === 'single' ? SINGLE_CALLERS : 1 }, goOn));
}

function operate(issuer: Issuer, role: Role, workload: Workload, operation: string): Promise<void> {
  if (role === 'single') {
    const action = workload.issue(role);
    return perform(operation, action, () => performSingle(issuer, action));
  }
  const action = role === 'issue' || role === 'load' ? workload.issue(role) : workload[role]();
  return perform(operation, action, () => performBatch(issuer, action));
}

const lines = createInterface(process.stdin);
// Without a parent there is nobody to work for.
lines.once('close', () => process.exit());
lines.once('line', (line) => void work(JSON.parse(line) as WorkerPlan));
