import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { LogFinding } from '../../src/audit/findings.js';
import { type ShipLogOptions, shipLog } from '../../src/audit/ship-log.js';
import { verifyLogLines } from '../../src/audit/verify-log-lines.js';
import { drafts, MOMENT, makeAuditLog, ORIGIN } from '../support/audit-log.js';
import { withCode } from '../support/with-code.js';
import { changedText } from './tampering.js';

/** A log with checkpoints at 300 and 700 of 750 entries, and what receives it. */
async function shipping() {
  const made = await makeAuditLog();
  await made.log.append(drafts(300));
  await made.log.checkpoint();
  await made.log.append(drafts(400, 300));
  await made.log.checkpoint();
  await made.log.append(drafts(50, 700));
  const received: string[] = [];
  const store = made.store.object;
  const ship = (options: Partial<ShipLogOptions> = {}) =>
    shipLog({ store, write: ({ text }) => void received.push(...text.trimEnd().split('\n')), ...options });
  const verify = async (lines: readonly string[] = received): Promise<readonly LogFinding[]> =>
    (await verifyLogLines({ lines, publicKeys: [made.publicKey], origin: ORIGIN })).findings;
  return { ...made, received, ship, verify };
}

describe('shipping the operation log', () => {
  it('sends every entry as it stands in the log, and the last checkpoint with its proof', async () => {
    const { received, ship, store, publicKey } = await shipping();
    expect(await ship({ batchEntries: 100 })).toBe(750);
    const isCheckpoint = (line: string) => line.startsWith('{"checkpoint"');
    const texts = await store.object.logEntries({ from: 0, limit: 1_000 });
    expect(received.filter((line) => !isCheckpoint(line))).toEqual(texts);
    expect(received.filter(isCheckpoint).map((line) => JSON.parse(line).checkpoint)).toEqual([
      (await store.object.lastCheckpoint())?.note,
    ]);
    expect(await verifyLogLines({ lines: received, publicKeys: [publicKey], origin: ORIGIN })).toMatchObject({
      findings: [],
      size: 750,
      signed: 700,
    });
  });

  it('reads no further while what it has written is under way', async () => {
    const { ship, store } = await shipping();
    let isWriting = false;
    let release = (): void => undefined;
    store.calls.length = 0;
    const shipped = ship({
      batchEntries: 100,
      write: () => {
        isWriting = true;
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      },
    });
    for (let batches = 0; batches < 3; batches++) {
      while (!isWriting) await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(store.calls.filter((name) => name === 'logEntries')).toHaveLength(batches + 1);
      isWriting = false;
      release();
    }
    while (!isWriting) await new Promise(setImmediate);
    const releasing = setInterval(() => release());
    await shipped;
    clearInterval(releasing);
  });

  it('interrupted anywhere and gone on with from the last safe place, leaves no gap (at least once)', async () => {
    const { ship, verify } = await shipping();
    const interruptions = fc.array(fc.record({ batches: fc.nat(5), kept: fc.nat(60) }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(interruptions, async (times) => {
        const lines: string[] = [];
        let from = 0;
        for (const { batches, kept } of times) {
          let left = batches;
          const broken = ship({
            from,
            batchEntries: 50,
            write: ({ text, next }) => {
              const batch = text.trimEnd().split('\n');
              // Of the last batch a part comes in, and nobody knows.
              lines.push(...(left === 0 ? batch.slice(0, kept) : batch));
              if (left-- === 0) throw new Error('connection lost');
              from = next;
            },
          });
          await broken.catch((error) => expect(error.message).toBe('connection lost'));
        }
        await ship({ from, write: ({ text }) => void lines.push(...text.trimEnd().split('\n')) });
        expect(await verify(lines)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('follows: sends entries and checkpoints as they come, until it is told to end', async () => {
    const { log, received, ship, verify } = await shipping();
    const ending = new AbortController();
    const following = ship({ follow: true, pollMs: 10, signal: ending.signal });
    await log.append(drafts(5, 750));
    while (received.length < 756) await new Promise(setImmediate);
    await log.checkpoint();
    while (received.length < 757) await new Promise(setImmediate);
    ending.abort();
    await expect(following).rejects.toThrow(withCode('ABORTED'));
    expect(received.at(-1)).toMatch(/^\{"checkpoint":"log\.example\.jp\/operations\\n755\\n/);
    expect(await verify()).toEqual([]);
  });

  it('refuses to go on where the log is shorter than what was shipped: LOG_FORKED', async () => {
    const { ship } = await shipping();
    await expect(ship({ from: 751 })).rejects.toThrow(withCode('LOG_FORKED'));
  });
});

describe('what was shipped', () => {
  it.each([
    [
      'changed',
      (lines: string[]) => lines.splice(120, 1, changedText(lines[120] as string, { event: 'other' })),
    ],
    ['cut out', (lines: string[]) => lines.splice(120, 1)],
    ['put elsewhere', (lines: string[]) => lines.splice(400, 0, ...lines.splice(120, 1))],
    [
      'sent twice and not the same',
      (lines: string[]) => lines.splice(121, 0, changedText(lines[120] as string, { event: 'other' })),
    ],
    ['not JSON', (lines: string[]) => lines.splice(120, 1, 'garbage')],
  ])('is found out when a line was %s, with the place', async (_, spoil) => {
    const { received, ship, verify } = await shipping();
    await ship();
    spoil(received);
    const [first] = await verify();
    expect((first as { index: number }).index).toBe(120);
  });

  it('is found out when lines came twice and one of them, in their middle, is not the same', async () => {
    const { received, ship, verify } = await shipping();
    await ship();
    const again = received.slice(100, 400);
    received.splice(400, 0, ...again);
    expect(await verify()).toEqual([]);
    received[400 + 20] = changedText(again[20] as string, { event: 'other' });
    expect(await verify()).toEqual([{ finding: 'entry-changed', index: 120 }]);
  });

  it('is found out when the last lines before a checkpoint are missing', async () => {
    const { received, ship, verify } = await shipping();
    await ship();
    received.splice(745, 5);
    expect(await verify()).toEqual([{ finding: 'entries-missing', index: 745, count: 5 }]);
  });

  it('is found out when the log behind it was replaced between two checkpoints', async () => {
    const { received, ship, verify } = await shipping();
    await ship();
    const other = await makeAuditLog({ now: () => MOMENT + 1 });
    await other.log.append(drafts(800));
    await other.log.checkpoint();
    await shipLog({
      store: other.store.object,
      from: 750,
      write: ({ text }) => {
        received.push(...text.trimEnd().split('\n'));
      },
    });
    expect((await verify()).map(({ finding }) => finding)).toEqual([
      'entry-changed',
      'log-contradicts-checkpoint',
    ]);
  });

  it('is found out when the log was cut off below its last checkpoint', async () => {
    const { received, ship, store, verify } = await shipping();
    const cut = { ...store.object };
    const { logEntries, lastCheckpoint } = store.object;
    await ship({
      store: {
        ...cut,
        logHead: async () => ({ ...(await store.object.logHead()), size: 650 }),
        logEntries: async (page) => (await logEntries(page)).slice(0, Math.max(0, 650 - page.from)),
        logHashes: (page) => store.object.logHashes(page),
        lastCheckpoint,
      },
    });
    expect(received).toHaveLength(651);
    expect(await verify()).toEqual([{ finding: 'log-truncated', entries: 650, size: 700 }]);
  });

  it('is gone on with from an earlier verification', async () => {
    const { log, ship, publicKey, received } = await shipping();
    await ship();
    const options = { publicKeys: [publicKey], origin: ORIGIN };
    const earlier = await verifyLogLines({ lines: received.splice(0), ...options });
    await log.append(drafts(10, 750));
    await log.checkpoint();
    await ship({ from: 750 });
    const later = await verifyLogLines({ lines: received, ...options, after: earlier.head as never });
    expect(later).toMatchObject({ findings: [], size: 760, signed: 760 });
  });

  it('is given up, and nothing but lines is taken', async () => {
    const { publicKey } = await shipping();
    const options = { publicKeys: [publicKey], origin: ORIGIN };
    const aborted = verifyLogLines({ lines: ['x'], ...options, signal: AbortSignal.abort() });
    await expect(aborted).rejects.toThrow(withCode('ABORTED'));
    await expect(verifyLogLines({ lines: [1] as never, ...options })).rejects.toThrow(
      withCode('OPTION_INVALID'),
    );
    await expect(verifyLogLines({ lines: 'text', ...options })).rejects.toThrow(withCode('OPTION_INVALID'));
  });
});
