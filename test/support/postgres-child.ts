import { parseInstitutionCode } from 'renkei';
import { openPostgresStore, type PostgresConnection } from 'renkei/postgres';
import { batchOf, storeCodes } from 'renkei/testing';
import { ownOrder } from './own-order.js';

/** A process that issues for the same people as its siblings, each in an order of its own, when it is told to begin. */

/** What this process is told in its first argument, as JSON. */
export interface SiblingPlan {
  readonly connection: PostgresConnection;
  readonly schema: string;
  readonly institution: string;
  /** The version under which this process issues, by which its rows are known. */
  readonly keyVersion: number;
  readonly people: number;
  readonly batches: number;
  readonly batchRows: number;
}

/** What a process was told of one row; version 0 where it inserted it. */
export interface ToldRow {
  readonly person: number;
  readonly version: number;
}

const plan = JSON.parse(process.argv[2] as string) as SiblingPlan;
const institution = parseInstitutionCode(plan.institution);
const store = await openPostgresStore({ connection: plan.connection, schema: plan.schema, poolSize: 3 });
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));

const told = await Promise.all(
  Array.from({ length: plan.batches }, async (_, batch) => {
    const people = ownOrder(`${plan.keyVersion}`, batch, plan.people, plan.batchRows);
    const codes = storeCodes(...people);
    const { versions } = await store.issue(batchOf(institution, codes, { keyVersion: plan.keyVersion }));
    return people.map((person, row): ToldRow => ({ person, version: versions[row] as number }));
  }),
);
await store.close();
process.stdin.destroy();
process.stdout.write(`${JSON.stringify(told.flat())}\n`);
