import { openPostgresRecordStore, type PostgresConnection } from 'renkei/postgres';
import { newRecord, recordContent } from 'renkei/testing';
import { ownOrder } from './own-order.js';

/** A process that records the same requests as its siblings, each in an order of its own, when it is told to begin. */

/** What this process is told in its first argument, as JSON. */
export interface RecordAppendingPlan {
  readonly connection: PostgresConnection;
  readonly schema: string;
  /** Tells the processes apart; stands in the rows that this one inserts. */
  readonly name: string;
  readonly requests: number;
  readonly batches: number;
  readonly batchRows: number;
}

/** What this process was told of a batch: requests by number, with the serial number and the name of who inserted it. */
export type ToldRecords = readonly (readonly [request: number, serial: number, by: string])[];

const plan = JSON.parse(process.argv[2] as string) as RecordAppendingPlan;
const store = await openPostgresRecordStore({
  connection: plan.connection,
  schema: plan.schema,
  poolSize: 3,
});
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));

await Promise.all(
  Array.from({ length: plan.batches }, async (_, batch) => {
    const asked = ownOrder(plan.name, batch, plan.requests, plan.batchRows);
    const content = recordContent({ department: plan.name });
    const { records } = await store.append({
      at: Date.UTC(2026, 3, 1) + batch,
      records: asked.map((n) => newRecord(n, { content })),
    });
    const told: ToldRecords = records.map(({ record }, k) => [
      asked[k] as number,
      record.serial,
      record.content.department,
    ]);
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }),
);
await store.close();
process.stdin.destroy();
