import { parseInstitutionCode } from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { numberedCodes } from './numbered-codes.js';

/** A process that writes to a SQLite store and prints what came of each batch, as one line of JSON. */

/** What this process is told in its first argument, as JSON. */
export interface StoreIssuingPlan {
  readonly database: string;
  readonly institution: string;
  /** Key version to issue under: tells the processes apart. */
  readonly keyVersion: number;
  /** People by number, batch by batch. */
  readonly batches: readonly (readonly number[])[];
}

/** What came of a batch: the versions of its rows, or the error. */
export type StoreIssuingLine = { readonly versions: readonly number[] } | { readonly error: string };

const plan = JSON.parse(process.argv[2] as string) as StoreIssuingPlan;
const institution = parseInstitutionCode(plan.institution);
const store = await openSqliteStore({ path: plan.database });
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
for (const people of plan.batches) {
  const { keyVersion } = plan;
  const storeCodes = numberedCodes(people);
  let line: StoreIssuingLine;
  try {
    const { versions } = await store.issue({
      institution,
      keyVersion,
      generation: 1,
      issuedAt: 1_000,
      storeCodes,
    });
    line = { versions: [...versions] };
  } catch (error) {
    line = { error: error instanceof Error ? error.message : 'unknown' };
  }
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
await store.close();
process.exit(0);
