import { openIssuer } from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { type BatchPlan, syntheticBatches } from './synthetic-batches.js';

/** A process that issues batch after batch and prints the number of each that is acknowledged, until it is killed. */

/** What this process is told in its first argument, as JSON. */
export interface IssuingPlan {
  readonly module: string;
  readonly label: string;
  readonly pin: string;
  readonly database: string;
  readonly institution: string;
  readonly batches: BatchPlan;
}

const plan = JSON.parse(process.argv[2] as string) as IssuingPlan;
const vault = await openPkcs11Vault({
  module: plan.module,
  token: { label: plan.label },
  pin: () => plan.pin,
  engine: 'bulk',
});
const store = await openSqliteStore({ path: plan.database });
const issuer = await openIssuer({ vault, store });
await issuer.registerInstitution(plan.institution);
process.stdout.write('ready\n');
let acknowledged = 0;
for await (const result of issuer.issueAll(plan.institution, syntheticBatches(plan.batches))) {
  if (result.counts.refused > 0) throw new Error('not everybody was served');
  process.stdout.write(`${acknowledged++}\n`);
}
