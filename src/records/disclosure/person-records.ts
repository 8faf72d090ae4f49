import { signalOption } from '../../errors/abort.js';
import type { RecordStore } from '../../stores/record-port.js';
import { type Branches, bySerial } from '../every-record.js';

/** Serial numbers that are read at once of a period. */
const PAGE = 100;

/**
 * A person's records in several periods, the newest serial number first.
 *
 * @param codes the person's record code in each period
 * @param beforeSerial only lower serial numbers are wanted
 */
export async function* personRecords(
  store: RecordStore,
  codes: ReadonlyMap<string, Uint8Array>,
  beforeSerial: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Branches, void, undefined> {
  const sources = [...codes].map(([period, code]) =>
    periodRecords(store, period, code, beforeSerial, signal),
  );
  const heads = await Promise.all(sources.map(async (source) => nextOf(source)));
  for (;;) {
    const newest = heads.reduce((best, head, k) => (serialOf(head) > serialOf(heads[best]) ? k : best), 0);
    const branches = heads[newest];
    if (branches === undefined) return;
    yield branches;
    heads[newest] = await nextOf(sources[newest] as AsyncGenerator<Branches>);
  }
}

async function nextOf(source: AsyncGenerator<Branches>): Promise<Branches | undefined> {
  const next = await source.next();
  return next.done === true ? undefined : next.value;
}

function serialOf(branches: Branches | undefined): number {
  return branches === undefined ? 0 : branches[0].serial;
}

async function* periodRecords(
  store: RecordStore,
  period: string,
  recordCode: Uint8Array,
  beforeSerial: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Branches, void, undefined> {
  for (let before = beforeSerial; ; ) {
    const rows = await store.personRecords({
      period,
      recordCode,
      limit: PAGE,
      ...(before === undefined ? {} : { beforeSerial: before }),
      ...signalOption(signal),
    });
    const records = bySerial(rows);
    yield* records;
    if (records.length < PAGE) return;
    before = (records.at(-1) as Branches)[0].serial;
  }
}
