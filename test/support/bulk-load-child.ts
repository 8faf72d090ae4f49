import { openIssuer } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { openSqliteStore } from 'renkei/sqlite';
import { afterIssues } from './after-issues.js';
import { testKeys } from './named-keys.js';
import { inBatches } from './population.js';
import { KEY_NAMES } from './software-issuer.js';

/**
 * A process that goes on with a bulk load and prints a line for every piece of progress, until it is killed or done.
 * It may be told to kill itself right after a transaction, before it can write down what became of it.
 */

/** What this process is told in its first argument, as JSON. */
export interface BulkLoadPlan {
  readonly database: string;
  readonly folder: string;
  readonly list: readonly string[];
  /** Kills itself after so many transactions. */
  readonly transactions?: number;
}

/** How the load is cut into pieces, here and where it is finished. */
export const PIECES = { checkpointRows: 40, storeBatchRows: 25 } as const;
export const BATCH_ROWS = 16;

async function run(plan: BulkLoadPlan): Promise<void> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const vault = await openSoftwareVault({ keys: testKeys(KEY_NAMES) });
  const store = await openSqliteStore({ path: plan.database });
  const deadly = afterIssues(store, plan.transactions ?? 0, () => process.kill(process.pid, 'SIGKILL'));
  const issuer = await openIssuer({ vault, store: deadly });
  await issuer.registerInstitution('A1');
  const load = await issuer.openBulkLoad('A1', { folder: plan.folder, reissue: true, ...PIECES });
  if (load.state === 'stored') say('answering 0');
  if (load.state === 'storing') say('storing 0');
  if (load.state === 'receiving') {
    say(`receiving ${load.received}`);
    const rest = inBatches(plan.list.slice(load.received), BATCH_ROWS);
    await load.receive(rest, { onProgress: ({ durable }) => say(`receiving ${durable}`) });
  }
  await load.store({ onProgress: ({ stored }) => say(`storing ${stored}`) });
  for (;;) {
    for await (const { first } of load.answers({ batchRows: BATCH_ROWS })) say(`answering ${first}`);
  }
}

if (process.argv[2] !== undefined && process.argv[1]?.endsWith('bulk-load-child.ts')) {
  await run(JSON.parse(process.argv[2]) as BulkLoadPlan);
}
