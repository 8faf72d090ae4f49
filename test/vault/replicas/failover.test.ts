import { describe, expect, test, vi } from 'vitest';
import { ERROR_CODES, type RenkeiErrorCode } from '../../../src/errors/codes.js';
import { openReplicatedVault } from '../../../src/vault/replicas/replicated-vault.js';
import { openSoftwareVault } from '../../../src/vault/software/software-vault.js';
import {
  expectedCodes,
  REPLICA_KEYS,
  replica,
  replicaPair,
  residents,
  STORE,
  TOKYO,
  useStoppedClock,
} from '../../support/replica-pair.js';
import { withCode } from '../../support/with-code.js';

/** All retryable failures that speak of the replica; an abort speaks of the caller. */
const PASSING = Object.entries(ERROR_CODES)
  .filter(([code, { retryable }]) => retryable && code !== 'ABORTED')
  .map(([code]) => code as RenkeiErrorCode);

const clock = useStoppedClock();

describe('failing over', () => {
  test('the preferred replica does the work as long as it is healthy', async () => {
    const { first, second, vault } = await replicaPair();
    expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(await expectedCodes());
    expect(first.count('derive')).toBe(1);
    expect(second.calls).toEqual([]);
  });

  test.each(PASSING)('%s of one replica: the next does the whole call', async (code) => {
    const { first, second, vault } = await replicaPair();
    first.fail(code, 'derive');
    expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(await expectedCodes());
    expect([first.count('derive'), second.count('derive')]).toEqual([1, 1]);
  });

  test.each(['VAULT_CLOSED', 'TOKEN_NOT_FOUND', 'PIN_REFUSED'] as const)(
    '%s lasts, but speaks of one replica: the next does the call, and alone it is the answer',
    async (code) => {
      const { first, second, vault } = await replicaPair();
      first.fail(code, 'derive');
      expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(await expectedCodes());
      second.fail(code);
      const alone = await openReplicatedVault({ replicas: [{ id: 'alone', vault: second }] });
      await expect(alone.derive(residents(), [STORE])).rejects.toThrow(withCode(code, { retryable: false }));
    },
  );

  test('translate, advance and fingerprint fail over as derive does', async () => {
    const { first, vault } = await replicaPair();
    const oracle = await openSoftwareVault({ keys: REPLICA_KEYS });
    const [store] = (await expectedCodes()).codes as [Uint8Array];
    first.fail('MODULE_FAULT', 'translate');
    expect(await vault.translate(store, STORE, [TOKYO])).toEqual(
      await oracle.translate(store, STORE, [TOKYO]),
    );
    clock.advance(500);
    first.fail('WORKER_LOST', 'advance');
    expect(await vault.advance(store, STORE, 2, [TOKYO])).toEqual(
      await oracle.advance(store, STORE, 2, [TOKYO]),
    );
    clock.advance(1_000);
    first.fail('HSM_UNAVAILABLE');
    expect(await vault.fingerprint(STORE)).toBe(await oracle.fingerprint(STORE));
  });

  test('a failure that lasts is the answer: no other replica is asked', async () => {
    const { first, second, vault } = await replicaPair();
    first.fail('ENGINE_REFUSED', 'advance');
    const [store] = (await expectedCodes()).codes as [Uint8Array];
    await expect(vault.advance(store, STORE, 2, [TOKYO])).rejects.toThrow(withCode('ENGINE_REFUSED'));
    expect(second.calls).toEqual([]);
  });

  test('an abort is not passed on, and says nothing about the replica', async () => {
    const { first, second, vault } = await replicaPair();
    first.fail('ABORTED', 'derive');
    await expect(vault.derive(residents(), [STORE])).rejects.toThrow(withCode('ABORTED'));
    expect(second.calls).toEqual([]);
    expect(vault.replicas()).toContainEqual({ id: 'first', state: 'healthy' });
  });

  test.each(['derive', 'fingerprint'] as const)(
    "the caller's own deadline, met while a replica is at its %s, is not passed on",
    async (method) => {
      const { first, second, vault } = await replicaPair();
      const release = first.hold(method);
      const rows = residents();
      const call = vault.derive(rows, [STORE], { timeoutMs: 20 });
      if (method === 'derive') setTimeout(release, 60);
      await expect(call).rejects.toThrow(withCode('DEADLINE_EXCEEDED'));
      release();
      expect(rows.every((byte) => byte === 0)).toBe(true);
      expect(second.calls).toEqual([]);
      expect(vault.replicas()).toContainEqual({ id: 'first', state: 'healthy' });
    },
  );

  test('an aborted signal is heard before any replica is asked', async () => {
    const { first, vault } = await replicaPair();
    await expect(vault.derive(residents(), [STORE], { signal: AbortSignal.abort() })).rejects.toThrow(
      withCode('ABORTED'),
    );
    expect(first.calls).toEqual([]);
  });

  test('when all fail, the call fails with what may pass', async () => {
    const { first, second, vault } = await replicaPair();
    first.fail('MODULE_FAULT');
    second.fail('KEY_NOT_FOUND');
    await expect(vault.derive(residents(), [STORE])).rejects.toThrow(
      withCode('MODULE_FAULT', { retryable: true }),
    );
  });

  test('an empty batch touches no replica', async () => {
    const { first, vault } = await replicaPair();
    const empty = await vault.derive(new Uint8Array(0), [STORE, TOKYO]);
    expect(empty).toEqual({ codes: [new Uint8Array(0), new Uint8Array(0)], refusals: [] });
    expect(first.calls).toEqual([]);
  });

  test("a caller's mistake touches no replica", async () => {
    const { first, vault } = await replicaPair();
    await expect(vault.derive(new Uint8Array(10), [STORE])).rejects.toThrow(withCode('BUFFER_LENGTH'));
    await expect(vault.advance(new Uint8Array(24), STORE, 1, [])).rejects.toThrow(
      withCode('GENERATION_INVALID'),
    );
    expect(first.calls).toEqual([]);
  });
});

describe('a replica that failed', () => {
  test('is left alone for a pause that doubles up to the longest, and is probed before it gets work', async () => {
    const { first, events, vault } = await replicaPair({ pauseMs: 100, longestPauseMs: 350 });
    first.fail('MODULE_FAULT');
    for (const pauseMs of [100, 200, 350, 350]) {
      await vault.derive(residents(), [STORE]);
      await vi.waitFor(() =>
        expect(events.at(-1)).toEqual({
          type: 'replica-failed',
          id: 'first',
          code: 'MODULE_FAULT',
          pauseMs,
        }),
      );
      const asked = first.calls.length;
      clock.advance(pauseMs - 1);
      await vault.derive(residents(), [STORE]);
      expect(first.calls.length).toBe(asked);
      clock.advance(1);
    }
    expect(first.count('derive')).toBe(0);
  });

  test('gets work again after a right fingerprint; the pause starts anew only after real work', async () => {
    const { first, events, vault } = await replicaPair({ pauseMs: 100 });
    first.fail('MODULE_FAULT', 'derive');
    await vault.derive(residents(), [STORE]);
    clock.advance(100);
    await vault.derive(residents(), [STORE]);
    await vi.waitFor(() => expect(events.at(-1)).toEqual({ type: 'replica-returned', id: 'first' }));
    // The probe succeeds, the work does not: twice the pause.
    await vault.derive(residents(), [STORE]);
    expect(events.at(-1)).toMatchObject({ type: 'replica-failed', pauseMs: 200 });
    clock.advance(200);
    first.mend();
    await vault.derive(residents(), [STORE]);
    await vi.waitFor(() => expect(events.at(-1)).toEqual({ type: 'replica-returned', id: 'first' }));
    const worked = first.count('derive');
    await vault.derive(residents(), [STORE]);
    expect(first.count('derive')).toBe(worked + 1);
    first.fail('MODULE_FAULT', 'derive');
    await vault.derive(residents(), [STORE]);
    expect(events.at(-1)).toMatchObject({ type: 'replica-failed', pauseMs: 100 });
  });

  test('does not hold up calls that another replica can do, however long its probe takes', async () => {
    const { first, vault } = await replicaPair({ pauseMs: 100 });
    first.fail('MODULE_FAULT');
    await vault.derive(residents(), [STORE]);
    clock.advance(100);
    const end = first.hold('fingerprint');
    const asked = first.calls.length;
    await Promise.all([vault.derive(residents(), [STORE]), vault.derive(residents(), [STORE])]);
    expect(vault.replicas()).toContainEqual({
      id: 'first',
      state: 'probing',
      code: 'MODULE_FAULT',
      failures: 1,
    });
    // One probe, however many calls.
    expect(first.calls.slice(asked)).toEqual(['fingerprint']);
    end();
    await vi.waitFor(async () => expect(vault.replicas()).toContainEqual({ id: 'first', state: 'healthy' }));
  });

  test('is waited for when there is no other', async () => {
    const only = await replica();
    const vault = await openReplicatedVault({ replicas: [{ id: 'only', vault: only }], pauseMs: 100 });
    only.fail('WORKER_LOST');
    await expect(vault.derive(residents(), [STORE])).rejects.toThrow(withCode('WORKER_LOST'));
    only.mend();
    await expect(vault.derive(residents(), [STORE])).rejects.toThrow(
      withCode('HSM_UNAVAILABLE', { retryable: true }),
    );
    expect(only.calls).toEqual(['fingerprint']);
    clock.advance(100);
    expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(await expectedCodes());
  });

  test('an abort while a call waits for its probe is heard before any work', async () => {
    const only = await replica();
    const vault = await openReplicatedVault({ replicas: [{ id: 'only', vault: only }] });
    only.fail('MODULE_FAULT');
    await expect(vault.derive(residents(), [STORE])).rejects.toThrow(withCode('MODULE_FAULT'));
    clock.advance(500);
    const release = only.hold('fingerprint');
    const caller = new AbortController();
    const call = vault.derive(residents(), [STORE], { signal: caller.signal });
    await vi.waitFor(() => expect(only.count('fingerprint')).toBe(2));
    caller.abort();
    await expect(call).rejects.toThrow(withCode('ABORTED'));
    release();
    expect(only.count('derive')).toBe(0);
  });

  test('counts one failure for many calls that met the same fault', async () => {
    const { first, vault } = await replicaPair();
    first.fail('MODULE_FAULT', 'derive');
    await vault.fingerprint(STORE);
    await Promise.all(Array.from({ length: 8 }, () => vault.derive(residents(), [STORE])));
    expect(vault.replicas()).toContainEqual({
      id: 'first',
      state: 'resting',
      code: 'MODULE_FAULT',
      failures: 1,
      pauseMs: 500,
    });
  });
});
