import { describe, expect, it } from 'vitest';
import type { AuditLogEvent } from '../../src/audit/audit-log-options.js';
import { type Checkpoint, readCheckpoint } from '../../src/audit/checkpoint.js';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { RenkeiError } from '../../src/errors/renkei-error.js';
import { isConsistent, isIncluded } from '../../src/signatures/merkle-proofs.js';
import { leafHash, MerkleTree } from '../../src/signatures/merkle-tree.js';
import type { LogEntry } from '../../src/stores/log-port.js';
import { createMemoryRecordStore } from '../../src/stores/memory/memory-record-store.js';
import { drafts, MOMENT, makeAuditLog, ORIGIN } from '../support/audit-log.js';
import { withCode } from '../support/with-code.js';

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

const numbers = (entries: readonly LogEntry[]) => entries.map(({ details }) => details.number);
const asCheckpoint = (note: string, publicKey: Uint8Array) =>
  readCheckpoint(note, ORIGIN, [publicKey]) as Checkpoint;

describe('appending to the operation log', () => {
  it('keeps event, details, moment and place of each entry, and its link to the one before', async () => {
    const { log } = await makeAuditLog();
    expect(await log.append(drafts(2))).toEqual({ first: 0, at: MOMENT });
    expect(await log.append([{ event: 'key.made' }])).toEqual({ first: 2, at: MOMENT });
    const entries = await all(log.entries());
    expect(entries.map(({ previous: _, ...entry }) => entry)).toEqual([
      { index: 0, at: MOMENT, event: 'test.done', details: { number: 0 } },
      { index: 1, at: MOMENT, event: 'test.done', details: { number: 1 } },
      { index: 2, at: MOMENT, event: 'key.made', details: {} },
    ]);
    expect(entries[0]?.previous).toBe('0'.repeat(64));
    expect(new Set(entries.map(({ previous }) => previous)).size).toBe(3);
    expect(await all(log.entries({ from: 2 }))).toEqual(entries.slice(2));
  });

  it('writes the entries of concurrent callers in one transaction, and tells each its own place', async () => {
    const { log, store } = await makeAuditLog();
    store.calls.length = 0;
    const callers = Array.from({ length: 500 }, (_, k) => log.append(drafts(1 + (k % 3), 10 * k)));
    const places = await Promise.all(callers);
    expect(store.calls.filter((name) => name === 'appendLog')).toHaveLength(1);
    const entries = await all(log.entries());
    places.forEach(({ first }, k) => {
      const expected = drafts(1 + (k % 3), 10 * k).map(({ details }) => details.number);
      expect(numbers(entries.slice(first, first + expected.length))).toEqual(expected);
    });
  });

  it('spares nobody else when one caller asks for what is no entry, or changes his drafts afterwards', async () => {
    const { log } = await makeAuditLog();
    const changed = { event: 'test.done', details: { number: 1 } };
    const right = log.append([changed]);
    const wrong = log.append([{ event: 'Not An Event' }]);
    changed.event = 'Not An Event';
    await expect(wrong).rejects.toThrow(withCode('LOG_ENTRY_INVALID'));
    expect(await right).toMatchObject({ first: 0 });
    expect(numbers(await all(log.entries()))).toEqual([1]);
  });

  it('fails every caller of a transaction that failed, retryably, and serves the next', async () => {
    const { log, store } = await makeAuditLog();
    store.fail(new RenkeiError('STORE_FAULT', 'injected'), 'appendLog');
    const failed = await Promise.allSettled([log.append(drafts(1)), log.append(drafts(1))]);
    const reason = withCode('STORE_FAULT', { retryable: true });
    expect(failed).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    store.fail(undefined);
    expect(await log.append(drafts(1))).toMatchObject({ first: 0 });
  });

  it('appends nothing of a caller who has given up before', async () => {
    const { log } = await makeAuditLog();
    const leaving = new AbortController();
    const left = log.append(drafts(1), { signal: leaving.signal });
    leaving.abort();
    await expect(left).rejects.toThrow(withCode('ABORTED'));
    await expect(log.append(drafts(1), { signal: leaving.signal })).rejects.toThrow(withCode('ABORTED'));
    await log.append(drafts(1, 7));
    expect(numbers(await all(log.entries()))).toEqual([7]);
  });

  it('is not taken along by a clock that goes backwards', async () => {
    let now = MOMENT;
    const { log } = await makeAuditLog({ now: () => now });
    await log.append(drafts(1));
    now -= 3_600_000;
    expect(await log.append(drafts(1))).toEqual({ first: 1, at: MOMENT });
    now += 3_600_001;
    expect(await log.append(drafts(1))).toEqual({ first: 2, at: MOMENT + 1 });
  });

  it('is refused once the log is closed', async () => {
    const { log } = await makeAuditLog();
    await log.close();
    for (const call of [
      log.append(drafts(1)),
      log.checkpoint(),
      log.inclusionProof(0, 1),
      all(log.entries()),
    ]) {
      await expect(call).rejects.toThrow(withCode('LOG_CLOSED'));
    }
  });
});

describe('a checkpoint', () => {
  it('has origin, size and root of the tree over all entries, signed by the audit key', async () => {
    const { log, publicKey, store } = await makeAuditLog();
    await log.append(drafts(300));
    const { size, note } = await log.checkpoint();
    const tree = new MerkleTree();
    for (const text of await store.object.logEntries({ from: 0, limit: 1_000 }))
      tree.append(Buffer.from(text));
    expect(note.split('\n').slice(0, 4)).toEqual([
      ORIGIN,
      '300',
      Buffer.from(tree.root()).toString('base64'),
      '',
    ]);
    expect(asCheckpoint(note, publicKey)).toMatchObject({ size: 300 });
    expect([size, await store.object.lastCheckpoint()]).toEqual([300, { size, note }]);
  });

  it('is the one before where nothing has come since: nothing is signed twice', async () => {
    const { log, vault } = await makeAuditLog();
    await log.append(drafts(3));
    const made = await Promise.all([log.checkpoint(), log.checkpoint()]);
    expect(made[1]).toEqual(made[0]);
    expect(vault.count('sign')).toBe(1);
  });

  it('is made after so many entries without anybody asking, and never while a caller waits', async () => {
    const events: AuditLogEvent[] = [];
    const { log, vault } = await makeAuditLog({
      checkpointEvery: 10,
      observe: (event) => events.push(event),
    });
    const release = vault.hold('sign');
    for (let k = 0; k < 5; k++) await log.append(drafts(5));
    expect(events).toEqual([]);
    release();
    await log.close();
    expect(events.map(({ event }) => event)).toEqual(['checkpoint', 'checkpoint']);
    expect(events.at(-1)).toEqual({ event: 'checkpoint', size: 25 });
  });

  it('is made although whoever is told of it throws', async () => {
    const observe = () => {
      throw new Error('of the listener');
    };
    const { log } = await makeAuditLog({ observe });
    await log.append(drafts(1));
    expect(await log.checkpoint()).toMatchObject({ size: 1 });
    await log.close();
  });

  it('is made after a while for entries that others have written', async () => {
    let made = (): void => undefined;
    const checkpoint = new Promise<void>((resolve) => {
      made = resolve;
    });
    const { log, store } = await makeAuditLog({ checkpointAfterMs: 100, observe: () => made() });
    await store.object.appendLog(drafts(2), MOMENT);
    await checkpoint;
    expect(await store.object.lastCheckpoint()).toMatchObject({ size: 2 });
    await log.close();
  });

  it('that cannot be signed while the HSM is down is made later; appending goes on meanwhile', async () => {
    const events: AuditLogEvent[] = [];
    const { log, vault, store } = await makeAuditLog({
      checkpointEvery: 1,
      observe: (event) => events.push(event),
    });
    vault.fail('HSM_UNAVAILABLE');
    await log.append(drafts(1));
    await expect(log.checkpoint()).rejects.toThrow(withCode('HSM_UNAVAILABLE', { retryable: true }));
    expect(await log.append(drafts(1))).toMatchObject({ first: 1 });
    expect(events).toContainEqual({ event: 'checkpoint-failed', code: 'HSM_UNAVAILABLE' });
    expect(await store.object.lastCheckpoint()).toBeUndefined();
    vault.mend();
    expect(await log.checkpoint()).toMatchObject({ size: 2 });
  });

  it('does not need the HSM when the log is opened', async () => {
    const { given, vault } = await makeAuditLog();
    vault.fail('HSM_UNAVAILABLE');
    const log = await openAuditLog(given);
    await log.append(drafts(1));
    vault.mend();
    expect(await log.checkpoint()).toMatchObject({ size: 1 });
    await expect(openAuditLog({ ...given, auditKey: 'audit/9' })).rejects.toThrow(withCode('KEY_NOT_FOUND'));
  });

  it('is signed by a new version of the audit key after it was rotated; the old one is known still', async () => {
    const { log, given, publicKey, vault } = await makeAuditLog();
    await log.append(drafts(1));
    await log.checkpoint();
    await expect(openAuditLog({ ...given, auditKey: 'audit/2' })).rejects.toThrow(
      withCode('CHECKPOINT_INVALID'),
    );
    const rotated = await openAuditLog({ ...given, auditKey: 'audit/2', earlierKeys: [publicKey] });
    await rotated.append(drafts(1));
    const { note } = await rotated.checkpoint();
    expect(readCheckpoint(note, ORIGIN, [publicKey])).toBe('checkpoint-forged');
    expect(asCheckpoint(note, await vault.publicKey('audit/2' as never))).toMatchObject({ size: 2 });
  });
});

describe('a log that has been tampered with', () => {
  /** The log of a store that was put in place of another one, or was written anew. */
  async function replaced(remembered: string, count: number) {
    const other = createMemoryRecordStore();
    await other.appendLog(drafts(count, 1_000), MOMENT);
    const { given } = await makeAuditLog({ store: other });
    return openAuditLog({ ...given, remembered });
  }

  it('gets no further checkpoint when it is shorter than one that was signed: LOG_FORKED', async () => {
    const { log } = await makeAuditLog();
    await log.append(drafts(5));
    const { note } = await log.checkpoint();
    await expect(replaced(note, 4)).rejects.toThrow(
      withCode('LOG_FORKED', { message: /has 4 entries, and a checkpoint of 5/ }),
    );
  });

  it('gets none when it is not the log that was signed, however long it is', async () => {
    const { log } = await makeAuditLog();
    await log.append(drafts(5));
    const { note } = await log.checkpoint();
    for (const count of [5, 6, 700]) {
      await expect(replaced(note, count)).rejects.toThrow(
        withCode('LOG_FORKED', { message: /first 5 entries/ }),
      );
    }
  });

  it('gets none while it is open either: the log knows what it has signed, whatever the store says', async () => {
    const { log, store, vault } = await makeAuditLog();
    await log.append(drafts(5));
    await log.checkpoint();
    const other = createMemoryRecordStore();
    await other.appendLog(drafts(6, 1_000), MOMENT);
    const signed = vault.count('sign');
    for (const method of ['logHead', 'logHashes', 'lastCheckpoint'] as const) {
      store.object[method] = other[method].bind(other) as never;
    }
    await expect(log.checkpoint()).rejects.toThrow(withCode('LOG_FORKED'));
    expect(vault.count('sign')).toBe(signed);
  });

  it('gets none while a checkpoint of it is forged, of another log, or kept under another size', async () => {
    const { log, store, given } = await makeAuditLog();
    await log.append(drafts(3));
    const { note } = await log.checkpoint();
    const foreign = await makeAuditLog({ origin: 'log.example.jp/other' });
    await foreign.log.append(drafts(3));
    const forged = [
      { size: 3, note: note.replace('\n3\n', '\n2\n') },
      { size: 3, note: (await foreign.log.checkpoint()).note },
      { size: 2, note },
      { size: 3, note: 'nothing' },
    ];
    for (const last of forged) {
      store.object.lastCheckpoint = async () => last;
      await expect(openAuditLog(given)).rejects.toThrow(withCode('CHECKPOINT_INVALID'));
    }
  });
});

describe('proofs of the operation log', () => {
  it('show that entries are in it, and that it begins with what it was; over 70,000 entries with few reads', async () => {
    const { log, store, publicKey } = await makeAuditLog();
    const roots = new Map<number, Uint8Array>();
    const sizes = [1, 255, 256, 300, 65_536, 70_001];
    for (const size of sizes) {
      const have = (await store.object.logHead()).size;
      await log.append(drafts(size - have, have));
      roots.set(size, asCheckpoint((await log.checkpoint()).note, publicKey).root);
    }
    const leafOf = async (index: number) => {
      const [text] = await store.object.logEntries({ from: index, limit: 1 });
      return leafHash(Buffer.from(text as string));
    };
    for (const [k, size] of sizes.entries()) {
      const root = roots.get(size) as Uint8Array;
      for (const index of new Set([0, size >> 1, size - 1])) {
        store.calls.length = 0;
        const proof = await log.inclusionProof(index, size);
        expect(store.calls.filter((name) => name === 'logHashes').length).toBeLessThanOrEqual(6);
        expect(isIncluded(await leafOf(index), index, size, proof, root)).toBe(true);
      }
      for (const from of sizes.slice(0, k + 1)) {
        const proof = await log.consistencyProof(from, size);
        expect(isConsistent(from, roots.get(from) as Uint8Array, size, root, proof)).toBe(true);
      }
    }
  });

  it('are refused for what is not in it', async () => {
    const { log } = await makeAuditLog();
    await log.append(drafts(3));
    for (const call of [
      log.inclusionProof(3, 3),
      log.inclusionProof(0, 4),
      log.inclusionProof(-1, 3),
      log.consistencyProof(4, 4),
      log.consistencyProof(3, 2),
    ]) {
      await expect(call).rejects.toThrow(withCode('OPTION_INVALID'));
    }
  });

  it('fail with STORE_CORRUPT when hashes of the tree are missing', async () => {
    const { log, store } = await makeAuditLog();
    await log.append(drafts(300));
    store.object.logHashes = async () => new Uint8Array(32);
    await expect(log.inclusionProof(5, 300)).rejects.toThrow(withCode('STORE_CORRUPT'));
  });
});

describe('opening the operation log', () => {
  it.each(['', 'renkei-delivery/1', '{"a":1}', 'a b', 'a+b', 'a\nb', 'あ', 'a'.repeat(256)])(
    'refuses %j as its name: what is signed under it could be taken for something else',
    async (origin) => {
      await expect(makeAuditLog({ origin })).rejects.toThrow(withCode('OPTION_INVALID'));
    },
  );

  it('refuses a key that signs nothing', async () => {
    await expect(makeAuditLog({ auditKey: 'store/1' })).rejects.toThrow(withCode('KEY_NAME_INVALID'));
  });
});
