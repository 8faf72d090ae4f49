import { signalOption } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { AccessRecord, RecordOrigin } from '../../stores/access-record.js';
import { readLogEntry } from '../../stores/log-entries.js';
import type { RecordStore } from '../../stores/record-port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { RecordFinding } from './finding.js';
import { type Mention, mentionsIn, rowKey } from './mentions.js';
import { nearRuns } from './near-runs.js';

/** A first branch that can be read, and how its record came to be. */
export interface FirstBranch {
  readonly row: AccessRecord;
  readonly origin: RecordOrigin;
  readonly inquirer: InstitutionCode;
}

/** Holds rows against the log: the entry that a row names must speak of it, with its digest. */
export async function rowsInLog(
  store: RecordStore,
  rows: readonly AccessRecord[],
  signal: AbortSignal | undefined,
): Promise<RecordFinding[]> {
  const mentions = await mentionsOf(store, rows, signal);
  return rows.flatMap((row): RecordFinding[] => {
    const { serial, branch, entry } = row;
    const mention = mentions.get(`${entry}:${rowKey(row)}`);
    if (mention === undefined) return [{ finding: 'row-not-logged', serial, branch, entry }];
    const isAsLogged = mention.digest === row.digest && mention.period === row.period && isReadable(row);
    return isAsLogged ? [] : [{ finding: 'row-changed', serial, branch, entry }];
  });
}

/** Holds the inquirers' own names of requests against what they lead to. */
export async function requestsLead(
  store: RecordStore,
  rows: readonly FirstBranch[],
  signal: AbortSignal | undefined,
): Promise<RecordFinding[]> {
  const asked = rows.map(({ inquirer, origin: { requestId } }) => ({ inquirer, requestId }));
  const found = await store.requests(asked, signalOption(signal));
  const suspects = rows.filter(
    ({ row }, k) => found[k]?.serial !== row.serial || found[k]?.branch !== row.branch,
  );
  const serials = suspects.map(({ row }) => row.serial);
  const latest = serials.length === 0 ? [] : await store.latest(serials, signalOption(signal));
  // Of a record that was erased meanwhile the name is gone too.
  const there = suspects.filter((_, k) => latest[k] !== undefined);
  return there.map(({ row: { serial, branch } }) => ({ finding: 'request-moved', serial, branch }));
}

/** The first branches among rows; one that cannot be read is found by its digest. */
export function firstBranches(rows: readonly AccessRecord[]): FirstBranch[] {
  return rows.flatMap((row) => {
    if (row.branch !== 1 || !isReadable(row)) return [];
    const { origin } = row;
    return origin === undefined ? [] : [{ row, origin, inquirer: row.content.inquirer }];
  });
}

async function mentionsOf(
  store: RecordStore,
  rows: readonly AccessRecord[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Mention>> {
  const wanted = new Set(rows.map((row) => `${row.entry}:${rowKey(row)}`));
  const found = new Map<string, Mention>();
  for (const { first, last } of nearRuns(rows.map(({ entry }) => entry))) {
    const page = { from: first, limit: last - first + 1, ...signalOption(signal) };
    for (const text of await store.logEntries(page)) {
      const entry = readLogEntry(text);
      for (const mention of entry === undefined ? [] : mentionsIn(entry)) {
        const key = `${mention.entry}:${rowKey(mention)}`;
        if (wanted.has(key)) found.set(key, mention);
      }
    }
  }
  return found;
}

function isReadable(row: AccessRecord): boolean {
  try {
    return row.content !== undefined;
  } catch (error) {
    if (error instanceof RenkeiError && error.code === 'STORE_CORRUPT') return false;
    throw error;
  }
}
