import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AccessRecord, recordText, type StoredRecord } from '../../src/stores/access-record.js';
import { EMPTY_LOG } from '../../src/stores/log-entries.js';
import { distinctPairs, planRecords } from '../../src/stores/record-writing.js';
import { newRecord, recordContent } from '../../src/testing/record-samples.js';
import { storeCode, storeCodes } from '../../src/testing/samples.js';
import { withCode } from '../support/with-code.js';

const AT = Date.UTC(2026, 3, 1);
const ROW = { serial: 7, branch: 1, period: '2026' };
const ORIGIN = { requestId: 'request-1', generation: 2 };
const stored = (text: string, changes: Partial<StoredRecord> = {}): StoredRecord => ({
  ...ROW,
  recordCode: storeCode(1),
  entry: 12,
  text,
  ...changes,
});
const TEXT = recordText(ROW, AT, recordContent(), ORIGIN);

describe('a row of the record file', () => {
  it('says what was written, and its digest is over the record code and the text', () => {
    const record = new AccessRecord(stored(TEXT));
    expect([record.serial, record.branch, record.period, record.entry]).toEqual([7, 1, '2026', 12]);
    expect(record.recordedAt).toBe(AT);
    expect(record.content).toEqual(recordContent());
    expect(record.origin).toEqual(ORIGIN);
    const digest = createHash('sha256').update(storeCode(1)).update(TEXT).digest('hex');
    expect(record.digest).toBe(digest);
  });

  it('shows nothing in any rendering', () => {
    const record = new AccessRecord(stored(TEXT));
    // Also after it was read.
    expect(record.content.affair).not.toBe('');
    for (const text of [
      String(record),
      JSON.stringify(record),
      inspect(record, { showHidden: true, depth: null }),
    ]) {
      expect(text.replaceAll('"', '')).toBe('[AccessRecord: redacted]');
    }
    expect(Object.keys(record)).toEqual([]);
  });

  it('hands out a record code that is the caller’s', () => {
    const row = stored(TEXT);
    new AccessRecord(row).recordCode.fill(0);
    expect(row.recordCode).toEqual(storeCode(1));
  });

  it.each([
    ['is no JSON', TEXT.slice(1)],
    ['is null', 'null'],
    ['is of another serial number', recordText({ ...ROW, serial: 8 }, AT, recordContent(), ORIGIN)],
    ['is of another branch', recordText({ ...ROW, branch: 2 }, AT, recordContent(), ORIGIN)],
    ['is of another period', recordText({ ...ROW, period: '2027' }, AT, recordContent(), ORIGIN)],
    ['has no moment', recordText(ROW, undefined as never, recordContent(), ORIGIN)],
    ['has a moment that is a text', recordText(ROW, '2026' as never, recordContent(), ORIGIN)],
    ['has no origin, as only later branches have none', recordText(ROW, AT, recordContent())],
    ['lacks a member', recordText(ROW, AT, recordContent({ affair: undefined as never }), ORIGIN)],
    [
      'has a member of another kind',
      recordText(ROW, AT, recordContent({ nonDisclosure: 1 as never }), ORIGIN),
    ],
    ['has a member more', TEXT.replace('"affair"', '"addition":1,"affair"')],
    ['has members in another order', TEXT.replace('"at":', '"A":0,"at":')],
    ['has a space', TEXT.replace(',', ', ')],
  ])('is refused when read, by its number, when its text %s', (_, text) => {
    const record = new AccessRecord(stored(text));
    for (const read of [() => record.content, () => record.recordedAt, () => record.origin]) {
      expect(read).toThrow(withCode('STORE_CORRUPT', { message: /^record 7, branch 1: [a-z ]+$/ }));
    }
    // What the text is wrong about does not hide which row it is.
    expect([record.serial, record.digest.length]).toEqual([7, 64]);
  });
});

describe('what a batch comes to', () => {
  const before = {
    head: EMPTY_LOG,
    nextSerial: 5,
    requests: new Map(),
    latest: new Map(),
    periods: new Map(),
  };

  it('is the same for the same, and changes nothing that was read', () => {
    const batch = { at: AT, records: [newRecord(1), newRecord(2), newRecord(1)] };
    const copy = structuredClone(before);
    const [one, other] = [planRecords(before, batch), planRecords(before, batch)];
    expect(one.rows).toEqual(other.rows);
    expect(one.log).toEqual(other.log);
    expect(one.nextSerial).toBe(7);
    expect(before).toEqual(copy);
  });

  it('shares no bytes with what the caller gave', () => {
    const recordCode = storeCode(1);
    const { rows, written } = planRecords(before, { at: AT, records: [newRecord(1, { recordCode })] });
    recordCode.fill(0);
    expect(rows[0]?.recordCode).toEqual(storeCode(1));
    expect(written.records[0]?.record.recordCode).toEqual(storeCode(1));
  });
});

describe('pairs of record codes', () => {
  it('are copies, without an old code that came before and without equal codes', () => {
    const [oldCodes, newCodes] = [storeCodes(1, 2, 1, 3, 4), storeCodes(11, 2, 12, 1, 14)];
    const pairs = distinctPairs({ period: '2026', oldCodes, newCodes, generation: 2, at: AT });
    oldCodes.fill(0);
    newCodes.fill(0);
    expect(pairs).toEqual([
      { oldCode: storeCode(1), newCode: storeCode(11) },
      { oldCode: storeCode(3), newCode: storeCode(1) },
      { oldCode: storeCode(4), newCode: storeCode(14) },
    ]);
  });
});
