import { once } from 'node:events';
import { openRotations, RenkeiError } from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openPostgresStore } from 'renkei/postgres';
import { openSqliteStore } from 'renkei/sqlite';
import { fail } from './issuing.js';
import type { WorkerDone, WorkerPlan } from './rotation-worker.js';

/** One worker of a rotation in a process of its own: says that it is ready, waits to be told to begin, says what it did. */

async function work(plan: WorkerPlan): Promise<void> {
  const { module, token, pin, folder, rotation, rowsPerSecond } = plan;
  await using vault = await openPkcs11Vault({ module, token, pin: () => pin, engine: 'sealed' });
  await using store =
    'path' in plan.store ? await openSqliteStore(plan.store) : await openPostgresStore(plan.store);
  const rotations = await openRotations({ vault, store, auditKey: 'audit/1' });
  const its = await rotations.get(rotation);
  process.send?.('ready');
  await once(process, 'message');
  const before = process.cpuUsage();
  const limit = rowsPerSecond === undefined ? {} : { rowsPerSecond };
  const { ownParts } = await its.work({ folder, ...limit }).catch(unlessEnded);
  const { user, system } = process.cpuUsage(before);
  const done: WorkerDone = { ownParts, cpuSeconds: (user + system) / 1e6 };
  process.send?.(done);
}

/** A rotation that is rolled back while it is worked on ends the work. */
function unlessEnded(error: unknown): { readonly ownParts: number } {
  if (error instanceof RenkeiError && error.code === 'ROTATION_STATUS') return { ownParts: 0 };
  throw error;
}

// Its parent is gone, or it is done.
process.once('disconnect', () => process.exit());
process.once('message', (plan) => {
  work(plan as WorkerPlan)
    .catch(fail)
    .finally(() => process.disconnect());
});
