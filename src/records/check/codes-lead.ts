import { bytesToHex } from '@noble/hashes/utils.js';
import { signalOption } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { AccessRecord } from '../../stores/access-record.js';
import type { RecordStore } from '../../stores/record-port.js';
import type { RecordFinding } from './finding.js';

/**
 * Holds rows against what their own record codes lead to: a person's rows are found through these and nothing else, by
 * whatever index or column a store keeps for it.
 */
export async function codesLead(
  store: RecordStore,
  rows: readonly AccessRecord[],
  signal: AbortSignal | undefined,
): Promise<RecordFinding[]> {
  const people = new Map<string, [AccessRecord, ...AccessRecord[]]>();
  for (const row of rows) {
    if (row.branch !== 1) continue;
    const person = `${row.period}/${bytesToHex(row.recordCode)}`;
    const known = people.get(person);
    if (known === undefined) people.set(person, [row]);
    else known.push(row);
  }
  const notFound = await Promise.all(
    [...people.values()].map((records) => notFoundOf(store, records, signal)),
  );
  const suspects = notFound.flat().sort((a, b) => a.serial - b.serial);
  if (suspects.length === 0) return [];
  const latest = await store.latest(
    suspects.map(({ serial }) => serial),
    signalOption(signal),
  );
  // Rows may have been erased or put under another code meanwhile.
  const hidden = suspects.filter(({ recordCode }, k) => {
    const now = latest[k]?.recordCode;
    return now !== undefined && bytesToHex(now) === bytesToHex(recordCode);
  });
  return hidden.map(({ serial, branch, entry }) => ({ finding: 'row-hidden', serial, branch, entry }));
}

/** Of a person's records on a page, which has all of them in its range, those that the record code does not lead to. */
async function notFoundOf(
  store: RecordStore,
  records: readonly [AccessRecord, ...AccessRecord[]],
  signal: AbortSignal | undefined,
): Promise<AccessRecord[]> {
  const [{ period, recordCode }] = records;
  const beforeSerial = Math.max(...records.map(({ serial }) => serial)) + 1;
  const limit = records.length;
  const page = { period, recordCode, beforeSerial, limit, ...signalOption(signal) };
  try {
    const serials = new Set((await store.personRecords(page)).map(({ serial }) => serial));
    return records.filter(({ serial }) => !serials.has(serial));
  } catch (error) {
    // A period that is none leads to nothing.
    if (error instanceof RenkeiError && error.code === 'RECORD_PERIOD_INVALID') return [...records];
    throw error;
  }
}
