import { RenkeiError } from 'renkei';
import { inBatches } from './population.js';
import { syntheticResidentTexts } from './residents.js';
import { openSoftwareIssuer } from './software-issuer.js';

/** A process that receives a bulk load under a limit on the size of files, and prints what it failed with. */

/** What this process is told in its first argument, as JSON. */
export interface DiskFullPlan {
  readonly folder: string;
  readonly residents: number;
}

const plan = JSON.parse(process.argv[2] as string) as DiskFullPlan;
const { issuer } = await openSoftwareIssuer();
const load = await issuer.openBulkLoad('A1', { folder: plan.folder, checkpointRows: 200 });
const list = syntheticResidentTexts(3, 0, plan.residents);
for (let attempt = 0; attempt < 2; attempt++) {
  const failure = await load
    .receive(inBatches(list.slice(load.received), 100))
    .catch((error: unknown) => error);
  if (!(failure instanceof RenkeiError)) throw new Error('the disk was not full');
  process.stdout.write(`${failure.code} ${failure.retryable} ${load.received}\n`);
}
