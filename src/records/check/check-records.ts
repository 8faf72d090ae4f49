import { signalOption } from '../../errors/abort.js';
import { checkOptions, functionRule, signalRule } from '../../errors/options.js';
import type { LogHead } from '../../stores/log-port.js';
import type { RecordPeriodState, RecordStore } from '../../stores/record-port.js';
import { recordPages } from '../every-record.js';
import { checkedLog } from './checked-log.js';
import { codesLead } from './codes-lead.js';
import type { RecordFinding } from './finding.js';
import { loggedRows } from './logged-rows.js';
import { type Mention, mentionsIn } from './mentions.js';
import { PeriodFacts } from './period-facts.js';
import { firstBranches, requestsLead, rowsInLog } from './rows-in-log.js';

/** How far a check of a record file has come. */
export interface CheckRecordsProgress {
  /** Log entries that were held against the rows. */
  readonly entries: number;
  /** Rows that were held against the log. */
  readonly rows: number;
}

/** Options of {@link checkRecords}. */
export interface CheckRecordsOptions {
  /** Told after each page. */
  readonly onProgress?: (progress: CheckRecordsProgress) => void;
  /** Gives up between pages. */
  readonly signal?: AbortSignal;
}

/** Mentions of rows that are held against the file at once. */
const BATCH = 1_000;

/**
 * Holds every row of a record file against its operation log, and every entry of the log against the rows; findings come
 * as they are met, and none when all is well. The file may be in use: what comes after the check has begun is left to
 * the next one. Memory stays constant. That the log itself is the one that was signed is for the verifier of its
 * checkpoints to say: whoever can write both file and log can make them agree, but not with a checkpoint.
 *
 * @throws RenkeiError `ABORTED`, an option error or a store error
 */
export async function* checkRecords(
  store: RecordStore,
  options: CheckRecordsOptions = {},
): AsyncGenerator<RecordFinding, void, undefined> {
  checkOptions('checkRecords', options, { onProgress: functionRule, signal: signalRule });
  const { onProgress, signal } = options;
  const { head, states } = await atOneMoment(store, signal);
  const facts = new PeriodFacts();
  let mentions: Mention[] = [];
  let entries = 0;
  for await (const { entry, finding } of checkedLog(store, head, signal)) {
    if (finding !== undefined) {
      yield finding;
      continue;
    }
    entries++;
    facts.addEntry(entry);
    mentions.push(...mentionsIn(entry));
    if (mentions.length < BATCH) continue;
    yield* await loggedRows(store, mentions, signal);
    mentions = [];
    onProgress?.({ entries, rows: 0 });
  }
  yield* await loggedRows(store, mentions, signal);
  let rows = 0;
  for await (const page of recordPages(store, signal)) {
    const first = firstBranches(page);
    for (const branch of first) facts.addRow(branch);
    for (const row of page) {
      const { serial, branch, entry } = row;
      if (!facts.count(row)) yield { finding: 'row-put-back', serial, branch, entry };
    }
    yield* await rowsInLog(store, page, signal);
    yield* await requestsLead(store, first, signal);
    yield* await codesLead(store, page, signal);
    rows += page.length;
    onProgress?.({ entries, rows });
  }
  yield* facts.compare(states);
}

/** The end of the log, and what the file says of its periods there. */
async function atOneMoment(
  store: RecordStore,
  signal: AbortSignal | undefined,
): Promise<{ readonly head: LogHead; readonly states: readonly RecordPeriodState[] }> {
  for (let states = await store.periods(signalOption(signal)); ; ) {
    const head = await store.logHead(signalOption(signal));
    const after = await store.periods(signalOption(signal));
    if (factsOf(states) === factsOf(after)) return { head, states };
    states = after;
  }
}

function factsOf(states: readonly RecordPeriodState[]): string {
  return JSON.stringify(states.map(({ rows, ...state }) => state));
}
