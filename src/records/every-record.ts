import { signalOption } from '../errors/abort.js';
import type { AccessRecord } from '../stores/access-record.js';
import type { RecordStore } from '../stores/record-port.js';

/** All branches of one serial number, the first one first. */
export type Branches = readonly [AccessRecord, ...AccessRecord[]];

const PAGE = 1_000;

/** Every record, whoever it is of, by its serial number, with all its branches. */
export async function* everyRecord(
  store: RecordStore,
  signal: AbortSignal | undefined,
): AsyncGenerator<Branches, void, undefined> {
  let open: AccessRecord[] = [];
  for await (const rows of recordPages(store, signal)) {
    const records = bySerial([...open, ...rows]);
    // Further branches of the last one may be on the next page.
    open = [...(records.pop() ?? [])];
    yield* records;
  }
  yield* bySerial(open);
}

/** Every row by serial number and branch, page by page. */
export async function* recordPages(
  store: RecordStore,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly AccessRecord[], void, undefined> {
  for (let last: AccessRecord | undefined; ; ) {
    const after = last === undefined ? {} : { after: { serial: last.serial, branch: last.branch } };
    const rows = await store.records({ limit: PAGE, ...after, ...signalOption(signal) });
    yield rows;
    last = rows.at(-1);
    if (rows.length < PAGE) return;
  }
}

/** Rows that stand beside each other, by their serial numbers. */
export function bySerial(rows: readonly AccessRecord[]): Branches[] {
  const records: [AccessRecord, ...AccessRecord[]][] = [];
  for (const row of rows) {
    const last = records.at(-1);
    if (last?.[0].serial === row.serial) last.push(row);
    else records.push([row]);
  }
  return records;
}
