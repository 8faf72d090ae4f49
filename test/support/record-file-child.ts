import { openSqliteRecordStore } from 'renkei/sqlite';
import { newBranch, newRecord } from 'renkei/testing';

/** A process that appends to a record file on SQLite and prints the serial numbers of each batch that was acknowledged. */

/** What this process is told in its first argument, as JSON. */
export interface RecordFilePlan {
  readonly database: string;
  /** Requests are numbered from here on. */
  readonly first: number;
  readonly batches: number;
  /** Requests of a batch. */
  readonly size: number;
}

/** What came of a batch: serial numbers by request, or the error. */
export type RecordFileLine =
  | { readonly requests: readonly (readonly [requestId: string, serial: number])[] }
  | { readonly error: string };

const plan = JSON.parse(process.argv[2] as string) as RecordFilePlan;
const store = await openSqliteRecordStore({ path: plan.database });
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
let last: number | undefined;
for (let k = 0; k < plan.batches; k++) {
  const records = Array.from({ length: plan.size }, (_, n) => newRecord(plan.first + k * plan.size + n));
  // Every batch answers a request of the one before, too.
  const branches = last === undefined ? [] : [newBranch(last, 2)];
  const drafts = [{ event: 'batch', details: { number: k } }];
  let line: RecordFileLine;
  try {
    const written = await store.append({ at: Date.now(), records, branches, drafts });
    last = written.records.at(-1)?.record.serial;
    line = {
      requests: written.records.map(({ record }, n) => [records[n]?.requestId as string, record.serial]),
    };
  } catch (error) {
    line = { error: error instanceof Error ? error.message : 'unknown' };
  }
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
await store.close();
process.exit(0);
