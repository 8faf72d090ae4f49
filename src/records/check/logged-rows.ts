import { signalOption } from '../../errors/abort.js';
import type { AccessRecord } from '../../stores/access-record.js';
import type { RecordStore } from '../../stores/record-port.js';
import type { RecordFinding } from './finding.js';
import { type Mention, rowKey } from './mentions.js';
import { nearRuns, type Run } from './near-runs.js';

/** Branches of one serial number beyond which a run is read by a further call. */
const SPARE_ROWS = 100;

/** Holds what the log says of rows against the rows: each must be there, and point to this entry or a later one. */
export async function loggedRows(
  store: RecordStore,
  mentions: readonly Mention[],
  signal: AbortSignal | undefined,
): Promise<RecordFinding[]> {
  const rows = await rowsOf(store, mentions, signal);
  const suspects = mentions.filter((mention) => !isRight(mention, rows.get(rowKey(mention))));
  if (suspects.length === 0) return [];
  // Asked now: the period may have been erased since.
  const states = await store.periods(signalOption(signal));
  const erased = new Set(states.filter((state) => state.erased).map(({ period }) => period));
  return suspects.flatMap((mention): RecordFinding[] => {
    const { serial, branch, entry, period } = mention;
    const row = rows.get(rowKey(mention));
    if (row !== undefined)
      return [{ finding: row.period === period ? 'row-put-back' : 'row-changed', serial, branch, entry }];
    return erased.has(period) ? [] : [{ finding: 'row-missing', serial, branch, entry }];
  });
}

function isRight(mention: Mention, row: AccessRecord | undefined): boolean {
  return row !== undefined && row.entry >= mention.entry && row.period === mention.period;
}

async function rowsOf(
  store: RecordStore,
  mentions: readonly Mention[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, AccessRecord>> {
  const wanted = new Set(mentions.map(rowKey));
  const found = new Map<string, AccessRecord>();
  for (const run of nearRuns(mentions.map(({ serial }) => serial))) {
    for await (const row of rowsIn(store, run, signal)) {
      if (wanted.has(rowKey(row))) found.set(rowKey(row), row);
    }
  }
  return found;
}

async function* rowsIn(
  store: RecordStore,
  { first, last }: Run,
  signal: AbortSignal | undefined,
): AsyncGenerator<AccessRecord, void, undefined> {
  let after = first === 1 ? undefined : { serial: first - 1, branch: Number.MAX_SAFE_INTEGER };
  const limit = last - first + 1 + SPARE_ROWS;
  for (;;) {
    const rows = await store.records({
      limit,
      ...(after === undefined ? {} : { after }),
      ...signalOption(signal),
    });
    for (const row of rows) {
      if (row.serial > last) return;
      yield row;
    }
    const end = rows.at(-1);
    if (end === undefined || rows.length < limit) return;
    after = { serial: end.serial, branch: end.branch };
  }
}
