import { fc } from '@fast-check/vitest';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditLog } from '../../src/audit/audit-log.js';
import type { LogFinding } from '../../src/audit/findings.js';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { type VerifyLogOptions, verifyLog } from '../../src/audit/verify-log.js';
import type { LogStore } from '../../src/stores/log-port.js';
import { createMemoryRecordStore } from '../../src/stores/memory/memory-record-store.js';
import { auditVault, drafts, MOMENT, ORIGIN } from '../support/audit-log.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { withCode } from '../support/with-code.js';
import { changedText, rechain, TAMPERED_STORES, type Tampering } from './tampering.js';

const scratch = makeScratchFolder();
const vault = await auditVault();
const publicKeys = [await vault.publicKey('audit/1' as never)];
let files = 0;

const SIZES = [10, 1_000, 2_000, 2_500];
const SIZE = 2_550;

/** A log with checkpoints of these sizes, and entries behind the last. */
async function written(
  store: LogStore,
  by: Partial<Parameters<typeof openAuditLog>[0]> = {},
): Promise<AuditLog> {
  const log = await openAuditLog({
    store,
    vault,
    auditKey: 'audit/1',
    origin: ORIGIN,
    now: () => MOMENT,
    ...by,
  });
  let size = 0;
  for (const next of SIZES) {
    await log.append(drafts(next - size, size));
    await log.checkpoint();
    size = next;
  }
  await log.append(drafts(SIZE - size, size));
  return log;
}

const verify = (store: VerifyLogOptions['store'], options: Partial<VerifyLogOptions> = {}) =>
  verifyLog({ store, publicKeys, origin: ORIGIN, ...options });

describe.each(TAMPERED_STORES)('verifying a log on $name', ({ open }) => {
  let tampering: Tampering;
  const found = async (options: Partial<VerifyLogOptions> = {}): Promise<readonly LogFinding[]> =>
    (await verify(tampering.store, options)).findings;

  beforeEach(async () => {
    const opened = await open(scratch.path(`${files++}.db`));
    await written(opened.store);
    tampering = await opened.tamper();
  });

  it('finds nothing wrong with one that nobody has touched, and says how far it is signed', async () => {
    const remembered = tampering.checkpoints().map(({ note }) => note);
    const verification = await verify(tampering.store, { remembered });
    expect(verification).toMatchObject({ findings: [], count: 0, size: SIZE, signed: 2_500 });
  });

  it.each([0, 9, 10, 999, 1_234, 2_499, 2_520])(
    'names entry %i when it was changed, and no other',
    async (index) => {
      tampering.write(index, changedText(tampering.texts()[index] as string, { details: { number: 9_999 } }));
      expect(await found()).toEqual([{ finding: 'entry-changed', index }]);
    },
  );

  it('names an entry whose bytes are not in the form of one', async () => {
    tampering.write(1_500, tampering.texts()[1_500]?.replace('{', '{ ') as string);
    expect(await found()).toEqual([{ finding: 'entry-malformed', index: 1_500 }]);
  });

  it('names both entries about a link that was changed', async () => {
    tampering.write(77, changedText(tampering.texts()[77] as string, { previous: 'ab'.repeat(32) }));
    expect(await found()).toEqual([
      { finding: 'entry-changed', index: 76 },
      { finding: 'entry-changed', index: 77 },
      { finding: 'log-contradicts-checkpoint', since: 10, size: 1_000 },
    ]);
  });

  it.each([5, 999, 1_000, 2_510])(
    'names entry %i when it was deleted, and vouches for the others',
    async (index) => {
      tampering.remove(index);
      expect(await verify(tampering.store)).toMatchObject({
        findings: [{ finding: 'entries-missing', index, count: 1 }],
        signed: 2_500,
      });
    },
  );

  it('names entries that were deleted together', async () => {
    for (let index = 1_990; index < 2_010; index++) tampering.remove(index);
    expect(await found()).toEqual([{ finding: 'entries-missing', index: 1_990, count: 20 }]);
  });

  it('names a place that was filled with another entry of the log', async () => {
    tampering.write(42, tampering.texts()[41] as string);
    expect(await found()).toEqual([
      { finding: 'entry-repeated', index: 41 },
      { finding: 'entries-missing', index: 42, count: 1 },
    ]);
  });

  it('finds entries that were written anew with their chain, between the checkpoints that tell', async () => {
    rechain(tampering, 1_600, { details: { number: 9_999 } });
    expect(await found()).toEqual([{ finding: 'log-contradicts-checkpoint', since: 1_000, size: 2_000 }]);
    expect((await verify(tampering.store)).signed).toBe(1_000);
  });

  it('finds a log that was cut off below a checkpoint', async () => {
    for (let index = 2_400; index < SIZE; index++) tampering.remove(index);
    expect(await found()).toEqual([{ finding: 'log-truncated', entries: 2_400, size: 2_500 }]);
  });

  it('finds a log cut off together with its checkpoints only by one that was kept elsewhere', async () => {
    const [, , , last] = tampering.checkpoints();
    for (let index = 2_000; index < SIZE; index++) tampering.remove(index);
    tampering.removeCheckpoint(2_500);
    expect(await found()).toEqual([]);
    expect(await found({ remembered: [last?.note as string] })).toEqual([
      { finding: 'log-truncated', entries: 2_000, size: 2_500 },
    ]);
  });

  it('finds a checkpoint that was swapped with another one of this log', async () => {
    const [first] = tampering.checkpoints();
    tampering.writeCheckpoint({ size: 1_000, note: first?.note as string });
    expect(await found()).toEqual([{ finding: 'checkpoint-misplaced', size: 10 }]);
  });

  it('finds checkpoints that are forged, foreign or none', async () => {
    const forger = await written(createMemoryRecordStore(), { auditKey: 'audit/2' });
    const foreign = await written(createMemoryRecordStore(), { origin: 'log.example.jp/other' });
    tampering.writeCheckpoint({ size: 10, note: (await forger.checkpoint()).note });
    tampering.writeCheckpoint({ size: 1_000, note: (await foreign.checkpoint()).note });
    tampering.writeCheckpoint({ size: 2_000, note: 'nothing' });
    expect(await found()).toEqual([
      { finding: 'checkpoint-forged', size: 10 },
      { finding: 'checkpoint-foreign', size: 1_000 },
      { finding: 'checkpoint-malformed', size: 2_000 },
    ]);
  });

  it('finds a fork: a log with a right chain and right signatures that is not the one that was shown before', async () => {
    const other = await written(createMemoryRecordStore(), { now: () => MOMENT + 1 });
    const { size, note } = await other.checkpoint();
    expect(await found({ remembered: [note] })).toEqual([{ finding: 'log-forked', size }]);
  });

  it('finds an entry that is older than the one before', async () => {
    rechain(tampering, 2_530, { at: new Date(MOMENT + 1).toISOString() });
    expect(await found()).toEqual([{ finding: 'entry-out-of-time', index: 2_531 }]);
  });
});

describe('verifying a log', () => {
  it('finds any one change of any one entry that is signed', async () => {
    const store = createMemoryRecordStore();
    const log = await openAuditLog({ store, vault, auditKey: 'audit/1', origin: ORIGIN });
    await log.append(drafts(40));
    await log.checkpoint();
    const texts = await store.logEntries({ from: 0, limit: 40 });
    const place = fc.record({ index: fc.nat(39), at: fc.nat(), character: fc.constantFrom(...'0a"}é') });
    await fc.assert(
      fc.asyncProperty(place, async ({ index, at, character }) => {
        const text = texts[index] as string;
        const where = at % text.length;
        const changed = text.slice(0, where) + character + text.slice(where + 1);
        fc.pre(changed !== text);
        const logEntries = async ({ from }: { readonly from: number }) =>
          texts.with(index, changed).slice(from);
        const { findings, signed } = await verify({
          logEntries,
          checkpoints: (page) => store.checkpoints(page),
        });
        expect(findings.length).toBeGreaterThan(0);
        const named = findings.filter((one) => 'index' in one).map((one) => (one as { index: number }).index);
        // The last one has no entry behind it that could tell: the checkpoint does.
        expect(named.includes(index) || index === 39 || signed === 0).toBe(true);
      }),
    );
  });

  it('goes on from where an earlier verification ended', async () => {
    const store = createMemoryRecordStore();
    const log = await written(store);
    const earlier = await verify(store);
    await log.append(drafts(100));
    await log.checkpoint();
    let read = 0;
    const counted = {
      logEntries: async (page: Parameters<typeof store.logEntries>[0]) => {
        const texts = await store.logEntries(page);
        read += texts.length;
        return texts;
      },
      checkpoints: (page: Parameters<typeof store.checkpoints>[0]) => store.checkpoints(page),
    };
    const later = await verify(counted, { after: earlier.head as never });
    expect(later).toMatchObject({ findings: [], size: SIZE + 100, signed: SIZE + 100 });
    expect(read).toBe(100);
    const other = createMemoryRecordStore();
    await written(other, { now: () => MOMENT + 1 });
    await other.appendLog(drafts(1), MOMENT + 1);
    const broken = await verify(other, { after: earlier.head as never });
    expect(broken.findings).toEqual([{ finding: 'chain-broken', index: SIZE }]);
  });

  it('takes entries and checkpoints that come while it reads for what they are', async () => {
    const store = createMemoryRecordStore();
    const log = await written(store);
    let growths = 3;
    const growing = {
      logEntries: async (page: Parameters<typeof store.logEntries>[0]) => {
        const texts = await store.logEntries(page);
        if (texts.length < page.limit && growths-- > 0) {
          await log.append(drafts(7));
          await log.checkpoint();
        }
        return texts;
      },
      checkpoints: (page: Parameters<typeof store.checkpoints>[0]) => store.checkpoints(page),
    };
    expect((await verify(growing)).findings).toEqual([]);
  });

  it('does not take a log for cut off whose entries and checkpoint come between its two readings', async () => {
    const store = createMemoryRecordStore();
    const log = await openAuditLog({ store, vault, auditKey: 'audit/1', origin: ORIGIN });
    await log.append(drafts(10));
    let isFirst = true;
    const growing = {
      logEntries: async (page: Parameters<typeof store.logEntries>[0]) => {
        const texts = await store.logEntries(page);
        if (isFirst) {
          isFirst = false;
          await log.append(drafts(5));
          await log.checkpoint();
        }
        return texts;
      },
      checkpoints: (page: Parameters<typeof store.checkpoints>[0]) => store.checkpoints(page),
    };
    expect(await verify(growing)).toMatchObject({ findings: [], size: 15, signed: 15 });
  });

  it('knows all versions of an audit key that was rotated', async () => {
    const store = createMemoryRecordStore();
    await written(store);
    const rotated = await openAuditLog({
      store,
      vault,
      auditKey: 'audit/2',
      earlierKeys: publicKeys,
      origin: ORIGIN,
    });
    await rotated.append(drafts(1));
    await rotated.checkpoint();
    const both = [...publicKeys, await vault.publicKey('audit/2' as never)];
    expect((await verify(store, { publicKeys: both })).findings).toEqual([]);
    expect((await verify(store)).findings).toEqual([{ finding: 'checkpoint-forged', size: SIZE + 1 }]);
  });

  it('names a thousand findings and counts the rest', async () => {
    const logEntries = async ({ from }: { readonly from: number }) =>
      Array.from({ length: Math.min(1_000, 5_000 - from) }, () => 'nothing');
    const verification = await verify({ logEntries, checkpoints: async () => [] });
    expect([verification.findings.length, verification.count]).toEqual([1_000, 5_000]);
    expect(verification.head).toBeUndefined();
  });

  it('is given up, and refuses options that are none', async () => {
    const store = createMemoryRecordStore();
    await written(store);
    await expect(verify(store, { signal: AbortSignal.abort() })).rejects.toThrow(withCode('ABORTED'));
    await expect(verify(store, { publicKeys: ['00'] })).rejects.toThrow(withCode('OPTION_INVALID'));
    await expect(verify(store, { checkpoint: '' } as never)).rejects.toThrow(withCode('OPTION_UNKNOWN'));
    await expect(verify(store, { after: {} } as never)).rejects.toThrow(withCode('OPTION_INVALID'));
  });
});
