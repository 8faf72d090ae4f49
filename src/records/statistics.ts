import { dayInJapan } from '../codes/japan-time.js';
import type { RecordedOutcome } from '../stores/record-content.js';
import type { RecordStore } from '../stores/record-port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import { everyRecord } from './every-record.js';

/** Records of one day between two institutions with one outcome. */
export interface RecordStatistic {
  /** The day in Japan on which the requests were recorded, as `2026-07-01`. */
  readonly day: string;
  /** 機関コード of the inquirer. */
  readonly inquirer: InstitutionCode;
  /** 機関コード of the provider. */
  readonly provider: InstitutionCode;
  /** What became of the requests. */
  readonly outcome: RecordedOutcome;
  /** Number of records. */
  readonly records: number;
  /** Those of them in which something was provided, by what holds now. */
  readonly provided: number;
}

/** Counts the records of a day; memory is that of one day. */
export async function* statistics(
  store: RecordStore,
  signal: AbortSignal | undefined,
): AsyncGenerator<RecordStatistic, void, undefined> {
  let today = '';
  let counts = new Map<string, RecordStatistic>();
  for await (const branches of everyRecord(store, signal)) {
    const [first] = branches;
    const day = dayInJapan(first.recordedAt);
    // Serial numbers are given in the order of recording, and its moments never go back.
    if (day !== today) {
      yield* inOrder(counts);
      today = day;
      counts = new Map();
    }
    const { inquirer, provider, outcome, providedAt } = (branches.at(-1) ?? first).content;
    const key = `${inquirer}/${provider}/${outcome}`;
    const { records, provided } = counts.get(key) ?? { records: 0, provided: 0 };
    counts.set(key, {
      day,
      inquirer,
      provider,
      outcome,
      records: records + 1,
      provided: provided + (providedAt === undefined ? 0 : 1),
    });
  }
  yield* inOrder(counts);
}

function inOrder(counts: ReadonlyMap<string, RecordStatistic>): RecordStatistic[] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, statistic]) => statistic);
}
