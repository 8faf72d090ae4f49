import { packCodes } from '../codes/packed-codes.js';
import type {
  NewBranch,
  NewRecord,
  RecordBatch,
  RecordContent,
  RecordStore,
  RecordsWritten,
} from '../stores/record-port.js';
import { A, B, storeCode } from './samples.js';

/** The moment at which most is written: 2026-04-01, 09:00 in Japan. */
export const AT = Date.UTC(2026, 3, 1);
/** The record period of most rows. */
export const PERIOD = '2026';
/** Another one. */
export const OTHER_PERIOD = '2027';

/** The record code of a numbered person. No store can tell it from a real one. */
export const recordCode = storeCode;

/** Record codes of numbered people, packed: n × 24 bytes. */
export function recordCodes(...numbers: readonly number[]): Uint8Array {
  return packCodes(numbers.map(recordCode));
}

/** What a record says, with what does not matter filled in. */
export function recordContent(changes: Partial<RecordContent> = {}): RecordContent {
  return {
    outcome: 'forwarded',
    inquirer: A,
    provider: B,
    inquirerName: '千代田区長',
    department: '福祉課',
    providerName: '厚生労働大臣',
    affair: '児童手当の支給に関する事務',
    procedure: '',
    information: '年金給付関係情報',
    items: ['受給の有無', '支給額'],
    requestedAt: AT - 1_000,
    nonDisclosure: false,
    validUntil: AT + 86_400_000,
    ...changes,
  };
}

/**
 * A new record with what does not matter filled in.
 *
 * @param person the number of the person; also the name of the request, which `changes` may change
 */
export function newRecord(person: number, changes: Partial<NewRecord> = {}): NewRecord {
  return {
    requestId: `request-${person}`,
    period: PERIOD,
    generation: 1,
    recordCode: recordCode(person),
    content: recordContent(),
    ...changes,
  };
}

/** A further branch that says what was provided. */
export function newBranch(serial: number, branch: number, changes: Partial<RecordContent> = {}): NewBranch {
  return { serial, branch, content: recordContent({ providedAt: AT + 2_000, ...changes }) };
}

/** Writes records of numbered people, one each. */
export function appendRecords(
  store: RecordStore,
  people: readonly number[],
  changes: Partial<NewRecord> = {},
): Promise<RecordsWritten> {
  return store.append({ at: AT, records: people.map((person) => newRecord(person, changes)) });
}

/** Writes one batch with the usual moment. */
export function appendAll(store: RecordStore, batch: Omit<RecordBatch, 'at'>): Promise<RecordsWritten> {
  return store.append({ at: AT, ...batch });
}
