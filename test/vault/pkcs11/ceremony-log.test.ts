import { createHash } from 'node:crypto';
import { RenkeiError } from 'renkei';
import {
  addInstitution,
  addKeyVersion,
  addRecordPeriod,
  type CeremonyRecord,
  destroyKey,
  initialiseKeys,
  listKeys,
  lockDown,
  provisionKeys,
} from 'renkei/pkcs11';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/signatures/canonical-json.js';
import { RecordingLog } from '../../support/recording-log.js';
import { makeScratchToken } from '../../support/softhsm.js';
import { withCode } from '../../support/with-code.js';

const LABEL = 'renkei-log';
const scratch = makeScratchToken(LABEL);
afterAll(() => scratch.remove());

const WHO = ['officer Sato', 'witness Tanaka'];
let log: RecordingLog;
beforeEach(() => {
  log = new RecordingLog();
});

const token = () => ({ module: scratch.module, token: { label: LABEL }, pin: scratch.pin });
const ceremony = () => ({ ...token(), who: WHO, log });
const names = async () => (await listKeys(token())).keys.map(({ name }) => name);
const digestOf = ({ signature: _, ...unsigned }: CeremonyRecord) =>
  createHash('sha256').update(canonicalJson(unsigned)).digest('hex');

/** Each ceremony in turn, and what the log says of it before. */
const CEREMONIES: readonly (readonly [string, () => Promise<CeremonyRecord>, object])[] = [
  [
    'init',
    () => initialiseKeys({ ...ceremony(), level: 1, period: '2026' }),
    { keys: ['link/1', 'store/1', 'record/2026', 'audit/1'], level: 1 },
  ],
  [
    'add-institution',
    () => addInstitution({ ...ceremony(), level: 1, institution: 'A1' }),
    { key: 'institution/A1/1', level: 1 },
  ],
  ['add-version', () => addKeyVersion({ ...ceremony(), level: 1, of: 'store' }), { of: 'store', level: 1 }],
  [
    'add-record-period',
    () => addRecordPeriod({ ...ceremony(), level: 1, period: '2027' }),
    { key: 'record/2027', level: 1 },
  ],
  ['lock-down', () => lockDown({ ...ceremony(), keys: ['store/1'] }), { keys: ['store/1'], level: 2 }],
  [
    'destroy',
    () => destroyKey({ ...ceremony(), name: 'record/2027', confirmations: ['record/2027', 'record/2027'] }),
    { key: 'record/2027' },
  ],
];

describe('the operation log of ceremonies', () => {
  test.each(CEREMONIES)(
    'has %s before and after, with the digest of the record and without the names of those who were there',
    async (kind, hold, begun) => {
      const before = await names();
      log.faultOf = () => new RenkeiError('STORE_FAULT', 'injected');
      await expect(hold()).rejects.toThrow(withCode('STORE_FAULT', { retryable: true }));
      expect(await names()).toEqual(before);

      log.faultOf = () => undefined;
      const record = await hold();
      expect(log.drafts).toEqual([
        { event: `ceremony.${kind}.begun`, details: begun },
        {
          event: `ceremony.${kind}.done`,
          details: {
            begun: 0,
            keys: record.keys.map(({ name }) => name),
            fingerprints: record.keys.map(({ fingerprint }) => fingerprint),
            record: digestOf(record),
          },
        },
      ]);
      for (const who of WHO) expect(JSON.stringify(log.drafts)).not.toContain(who);
    },
  );

  test('is lost after the keys were made: the record that proves it is given all the same', async () => {
    log.faultOf = ({ event }) =>
      event.endsWith('.done') ? new RenkeiError('STORE_FAULT', 'injected') : undefined;
    const record = await addRecordPeriod({ ...ceremony(), level: 1, period: '2031' });
    expect(record.keys.map(({ name }) => name)).toEqual(['record/2031']);
    expect(await names()).toContain('record/2031');
    expect(log.events).toEqual(['ceremony.add-record-period.begun']);
  });

  test('has that keys were made without a ceremony', async () => {
    const provision = () => provisionKeys({ ...token(), log, keys: [{ name: 'record/2030', level: 1 }] });
    log.faultOf = () => new RenkeiError('STORE_FAULT', 'injected');
    await expect(provision()).rejects.toThrow(withCode('STORE_FAULT'));
    expect(await names()).not.toContain('record/2030');
    log.faultOf = () => undefined;
    await provision();
    await expect(provision()).rejects.toThrow(withCode('KEY_EXISTS'));
    expect(log.drafts).toEqual([
      { event: 'keys.provision.begun', details: { keys: ['record/2030'] } },
      { event: 'keys.provision.done', details: { begun: 0 } },
      { event: 'keys.provision.begun', details: { keys: ['record/2030'] } },
      { event: 'keys.provision.failed', details: { begun: 2, code: 'KEY_EXISTS' } },
    ]);
  });
});
