import { openSqliteStore } from 'renkei/sqlite';

/** A process that works on a rotation in a SQLite store, and prints one line a step. */

/** What this process is told in its first argument, as JSON. */
export interface StoreRotatingPlan {
  readonly database: string;
  /**
   * Move rows of so many people a step until all are moved; or claim parts of the first rotation until none is left.
   */
  readonly task: { readonly move: number } | { readonly claimAs: string };
}

const { database, task } = JSON.parse(process.argv[2] as string) as StoreRotatingPlan;
const store = await openSqliteStore({ path: database });
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
for (;;) {
  const step =
    'move' in task
      ? (await store.moveRows(task.move)) || undefined
      : await store.claimPart({ id: 1, worker: task.claimAs, now: 1_000, leaseMs: 60_000 });
  if (step === undefined) break;
  process.stdout.write(`${step}\n`);
  if ('claimAs' in task) await store.finishPart(1, step, task.claimAs);
}
await store.close();
process.exit(0);
