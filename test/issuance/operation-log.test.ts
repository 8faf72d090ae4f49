import { createMemoryRecordStore, type Issuer, openAuditLog, openIssuer, RenkeiError } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { beforeEach, describe, expect, it } from 'vitest';
import { auditPair } from '../support/audit-pair.js';
import { testKeys } from '../support/named-keys.js';
import { RecordingLog } from '../support/recording-log.js';
import { syntheticResidents, syntheticResidentTexts } from '../support/residents.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { KEY_NAMES, openSoftwareIssuer, type SoftwareIssuer } from '../support/software-issuer.js';
import { acquisitionNumbers } from '../support/synthetic-batches.js';
import { withCode } from '../support/with-code.js';

const scratch = makeScratchFolder();
const residents = syntheticResidentTexts(90, 0, 6);
const [A, B, C, D, E, F] = residents as [string, string, string, string, string, string];

let log: RecordingLog;
let world: SoftwareIssuer;
let issuer: Issuer;
beforeEach(async () => {
  log = new RecordingLog();
  world = await openSoftwareIssuer({ log });
  issuer = world.issuer;
  await issuer.issueBatch('A1', { acquisitionNumbers: acquisitionNumbers(3), residents: [A, B, C] });
  log.drafts.length = 0;
});

/** The log fails at this event from now on. */
function failOn(event: string): void {
  log.faultOf = (draft) => (draft.event === event ? new RenkeiError('STORE_FAULT', 'injected') : undefined);
}

/** Every operation that goes into the log; what is on record afterwards; how it is begun again. */
const OPERATIONS: readonly {
  readonly event: string;
  readonly run: () => Promise<unknown>;
  readonly begun: object;
  readonly done: object;
}[] = [
  {
    event: 'key.register',
    run: () => issuer.registerInstitution('C3'),
    begun: { key: 'institution/C3/1', fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) },
    done: { outcome: 'inserted' },
  },
  {
    event: 'key.register',
    run: () => issuer.registerRecordPeriod('2027'),
    begun: { key: 'record/2027', fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) },
    done: { outcome: 'inserted' },
  },
  {
    event: 'persons.remove',
    run: () => issuer.removePersons([A, D, '00000000001']),
    begun: { residents: 3 },
    done: { removed: 1, notHeld: 1, refused: 1 },
  },
  {
    event: 'resident-record-codes.change',
    run: () => issuer.changeResidentRecordCodes({ old: [A, B, C], new: [D, C, '00000000001'] }),
    begun: { changes: 3 },
    done: { changed: 1, alreadyChanged: 0, conflict: 1, refused: 1 },
  },
];

describe.each(OPERATIONS)('$event', ({ event, run, begun, done }) => {
  it('is in the log before it happens and after, with counts and key names', async () => {
    await run();
    expect(log.drafts).toEqual([
      { event: `${event}.begun`, details: begun },
      { event: `${event}.done`, details: { begun: 0, ...done } },
    ]);
  });

  it('does not happen when it cannot be in the log', async () => {
    failOn(`${event}.begun`);
    const before = [await world.store.count(), await world.store.listKeys()];
    await expect(run()).rejects.toThrow(withCode('STORE_FAULT', { retryable: true }));
    expect([await world.store.count(), await world.store.listKeys()]).toEqual(before);
    expect(log.drafts).toEqual([]);
  });

  it('may be called again when its outcome could not be written down', async () => {
    failOn(`${event}.done`);
    await expect(run()).rejects.toThrow(withCode('STORE_FAULT'));
    log.faultOf = () => undefined;
    await run();
    expect(log.events).toEqual([`${event}.begun`, `${event}.begun`, `${event}.done`]);
  });
});

describe('the operation log of an issuer', () => {
  it('has the keys that a store is begun with, and that a key was refused', async () => {
    const vault = await openSoftwareVault({ keys: testKeys(KEY_NAMES) });
    const fresh = new RecordingLog();
    const other = await openSoftwareIssuer({ vault, log: fresh });
    expect(fresh.drafts.slice(0, 2)).toMatchObject([
      { event: 'store.begin.begun', details: { keys: ['link/1', 'store/1'] } },
      { event: 'store.begin.done', details: { begun: 0, outcome: 'inserted' } },
    ]);
    const keys = testKeys(KEY_NAMES);
    const same = await openSoftwareVault({
      keys: { ...keys, 'institution/C3/1': keys['store/1'] as Uint8Array },
    });
    const issuing = await openIssuer({ vault: same, store: other.store, log: fresh });
    await expect(issuing.registerInstitution('C3')).rejects.toThrow(withCode('KEY_NOT_DISTINCT'));
    expect(fresh.details('key.register.failed')).toMatchObject({ code: 'KEY_NOT_DISTINCT' });
  });

  it('has the load of a population, begun and ended', async () => {
    const load = await issuer.openBulkLoad('A1', { folder: scratch.path('load') });
    await load.receive([syntheticResidents(90, 0, 6)]);
    failOn('load.store.begun');
    await expect(load.store()).rejects.toThrow(withCode('STORE_FAULT'));
    expect(load.state).toBe('receiving');
    log.faultOf = () => undefined;
    await load.store();
    await load.store();
    await load.close();
    expect(log.drafts).toEqual([
      { event: 'load.store.begun', details: { key: 'institution/A1/1', received: 6 } },
      { event: 'load.store.done', details: { begun: 0, issued: 3, alreadyIssued: 3, refused: 0 } },
    ]);
  });

  it('has nothing of what changes nothing: empty batches, codes, translations', async () => {
    await issuer.removePersons([]);
    await issuer.changeResidentRecordCodes({ old: [], new: [] });
    await issuer.issueBatch('A1', { acquisitionNumbers: acquisitionNumbers(2), residents: [E, F] });
    expect(log.drafts).toEqual([]);
  });

  it('holds no resident record code, no code and no key, whatever is done', async () => {
    const vault = await openSoftwareVault({ keys: { ...testKeys(KEY_NAMES), 'audit/1': auditPair('1') } });
    const store = createMemoryRecordStore();
    const audit = await openAuditLog({
      store,
      vault,
      auditKey: 'audit/1',
      origin: 'log.example.jp/operations',
    });
    const { issuer: audited } = await openSoftwareIssuer({ vault, log: audit });
    const result = await audited.issueBatch('A1', {
      acquisitionNumbers: acquisitionNumbers(3),
      residents: [A, B, C],
    });
    await audited.changeResidentRecordCodes({ old: [A], new: [D] });
    await audited.removePersons([B, D]);
    const text = (await store.logEntries({ from: 0, limit: 1_000 })).join('\n');
    expect(text).toContain('persons.remove.done');
    for (const code of residents) expect(text).not.toContain(code);
    for (const item of result) expect(text).not.toContain((item as { code: string }).code);
    await audit.close();
  });
});
