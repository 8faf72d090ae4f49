import { describe, expect, test, vi } from 'vitest';
import type { RenkeiErrorCode } from '../../../src/errors/codes.js';
import { RenkeiError } from '../../../src/errors/renkei-error.js';
import type { Assurance } from '../../../src/vault/port.js';
import { openReplicatedVault } from '../../../src/vault/replicas/replicated-vault.js';
import type { FaultyVault } from '../../support/faulty-vault.js';
import {
  expectedCodes,
  OTHER_FINGERPRINT,
  replica,
  replicaPair,
  residents,
  STORE,
  TOKYO,
  useStoppedClock,
} from '../../support/replica-pair.js';
import { withCode } from '../../support/with-code.js';

const clock = useStoppedClock();
const fault = (code: RenkeiErrorCode) => new RenkeiError(code, 'injected');
const wiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

describe('住民票コード is wiped', () => {
  const cases: [string, (first: FaultyVault, second: FaultyVault) => void][] = [
    ['after a success', () => undefined],
    ['after a failover', (first) => first.fail('MODULE_FAULT', 'derive')],
    [
      'when every replica fails',
      (first, second) => {
        first.fail('MODULE_FAULT', 'derive');
        second.fail('MODULE_FAULT', 'derive');
      },
    ],
    ['when the call is refused', (first) => first.fail('KEY_USAGE', 'derive')],
  ];
  test.each(cases)("%s: the caller's rows and every copy", async (_, prepare) => {
    const { first, second, vault } = await replicaPair();
    prepare(first, second);
    const rows = residents();
    await vault.derive(rows, [STORE]).catch(() => undefined);
    const copies = [...first.residents, ...second.residents];
    expect(copies.length).toBeGreaterThan(0);
    expect([rows, ...copies].every(wiped)).toBe(true);
    expect(copies).not.toContain(rows);
  });

  test('also when the arguments are wrong or the vault is closed', async () => {
    const { vault } = await replicaPair();
    const ragged = residents().subarray(0, 12);
    await expect(vault.derive(ragged, [STORE])).rejects.toThrow(withCode('BUFFER_LENGTH'));
    await vault.close();
    const late = residents();
    await expect(vault.derive(late, [STORE])).rejects.toThrow(withCode('VAULT_CLOSED'));
    expect([ragged, late].every(wiped)).toBe(true);
  });
});

describe('assurance', () => {
  const saying = (level: 0 | 1 | 2): Assurance => ({
    level,
    name: (['software', 'host-visible', 'hsm-sealed'] as const)[level],
    basis: 'attributes-and-attacks',
    reasons: [],
    keys: [{ name: STORE, level, reasons: [], attacks: [] }],
  });

  test('is the lowest of the replicas in use, also while one of them rests', async () => {
    const { first, second, vault } = await replicaPair();
    vi.spyOn(first, 'assurance').mockResolvedValue(saying(2));
    const low = vi.spyOn(second, 'assurance').mockResolvedValue(saying(1));
    expect(await vault.assurance()).toEqual(saying(1));
    low.mockRejectedValue(fault('MODULE_FAULT'));
    expect(await vault.assurance()).toEqual(saying(1));
  });

  test('takes for every key the lowest of its levels, whichever replica says it', async () => {
    const { first, second, vault } = await replicaPair();
    const mixed = (store: 1 | 2, tokyo: 1 | 2): Assurance => ({
      ...saying(1),
      keys: [
        { name: STORE, level: store, reasons: [], attacks: [] },
        { name: TOKYO, level: tokyo, reasons: [], attacks: [] },
      ],
    });
    vi.spyOn(first, 'assurance').mockResolvedValue(mixed(1, 2));
    vi.spyOn(second, 'assurance').mockResolvedValue(mixed(2, 1));
    expect(await vault.assurance()).toEqual(mixed(1, 1));
  });

  test('leaves out a refused replica', async () => {
    const { first, second, vault } = await replicaPair();
    vi.spyOn(first, 'assurance').mockResolvedValue(saying(1));
    vi.spyOn(second, 'assurance').mockResolvedValue(saying(2));
    first.fail('KEY_FINGERPRINT_MISMATCH', 'derive');
    await vault.derive(residents(), [STORE]);
    expect(await vault.assurance()).toEqual(saying(2));
  });

  test('fails when no replica has ever answered', async () => {
    const { first, second, vault } = await replicaPair();
    first.fail('MODULE_FAULT');
    second.fail('WORKER_LOST');
    await expect(vault.assurance()).rejects.toThrow(withCode('MODULE_FAULT'));
  });
});

describe('health', () => {
  test('is ready when all are, degraded when some rest or are refused, unavailable when none is left', async () => {
    const { first, second, vault } = await replicaPair();
    expect(vault.health()).toEqual({
      state: 'ready',
      sessions: 0,
      brokenSessions: 0,
      recoveries: 0,
      engines: ['software'],
    });
    first.fail('MODULE_FAULT');
    await vault.derive(residents(), [STORE]);
    expect(vault.health().state).toBe('degraded');
    second.fail('MODULE_FAULT', 'derive');
    await expect(vault.derive(residents(), [STORE])).rejects.toThrow(withCode('MODULE_FAULT'));
    expect(vault.health().state).toBe('unavailable');
    await vault.close();
    expect(vault.health().state).toBe('closed');
  });

  test('adds up what the replicas say', async () => {
    const { first, second, vault } = await replicaPair();
    vi.spyOn(first, 'health').mockReturnValue({
      state: 'ready',
      sessions: 2,
      brokenSessions: 0,
      recoveries: 3,
      engines: ['bulk'],
    });
    vi.spyOn(second, 'health').mockReturnValue({
      state: 'degraded',
      sessions: 4,
      brokenSessions: 1,
      recoveries: 5,
      engines: ['sealed'],
    });
    expect(vault.health()).toEqual({
      state: 'degraded',
      sessions: 6,
      brokenSessions: 1,
      recoveries: 8,
      engines: ['bulk', 'sealed'],
    });
  });
});

describe('closing', () => {
  test('waits for calls and probes under way, then refuses', async () => {
    const { first, vault } = await replicaPair({ owned: true });
    const end = first.hold('derive');
    const running = vault.derive(residents(), [STORE, TOKYO]);
    await vi.waitFor(() => expect(first.count('derive')).toBe(1));
    const closing = vault.close();
    expect(vault.close()).toBe(closing);
    await expect(vault.fingerprint(STORE)).rejects.toThrow(withCode('VAULT_CLOSED'));
    expect(first.count('close')).toBe(0);
    end();
    expect(await running).toEqual(await expectedCodes());
    await closing;
    expect(first.count('close')).toBe(1);
  });

  test('waits for a probe that no call waits for', async () => {
    const { first, vault } = await replicaPair({ owned: true });
    first.fail('MODULE_FAULT');
    await vault.derive(residents(), [STORE]);
    clock.advance(500);
    const end = first.hold('fingerprint');
    await vault.derive(residents(), [STORE]);
    expect(vault.replicas()).toMatchObject([{ state: 'probing' }, { state: 'healthy' }]);
    const closing = vault.close();
    await new Promise(setImmediate);
    expect(first.count('close')).toBe(0);
    end();
    await closing;
    expect(first.count('close')).toBe(1);
  });

  test.each([true, false])('owned: %s decides whether the replicas are closed', async (owned) => {
    const { first, second, vault } = await replicaPair({ owned });
    await vault[Symbol.asyncDispose]();
    expect([first.count('close'), second.count('close')]).toEqual(owned ? [1, 1] : [0, 0]);
  });

  test('closes every replica, and then tells of the one that would not', async () => {
    const { first, second, vault } = await replicaPair({ owned: true });
    first.fail('MODULE_FAULT', 'close');
    await expect(vault.close()).rejects.toThrow(withCode('MODULE_FAULT'));
    expect(second.count('close')).toBe(1);
  });
});

describe('options and rendering', () => {
  test.each([
    ['no replica', { replicas: [] }, 'OPTION_INVALID'],
    ['something that is no vault', { replicas: [{ id: 'a', vault: {} }] }, 'OPTION_INVALID'],
    ['a pause of nothing', { pauseMs: 0 }, 'OPTION_INVALID'],
    ['a fingerprint of the wrong form', { expectedFingerprints: { [STORE]: 'ABC' } }, 'OPTION_INVALID'],
    ['a key name of the wrong form', { expectedFingerprints: { x: OTHER_FINGERPRINT } }, 'KEY_NAME_INVALID'],
    ['an option that does not exist', { replica: [] }, 'OPTION_UNKNOWN'],
  ] as const)('%s is refused', async (_, options, code) => {
    await expect(replicaPair(options as never)).rejects.toThrow(withCode(code));
  });

  test('two replicas of one id are refused', async () => {
    const vault = await replica();
    const replicas = [
      { id: 'same', vault },
      { id: 'same', vault },
    ];
    await expect(openReplicatedVault({ replicas })).rejects.toThrow(withCode('OPTION_INVALID'));
  });

  test('an observer that throws decides nothing', async () => {
    const { first, vault } = await replicaPair({
      observe: () => {
        throw new Error('observer');
      },
    });
    first.fail('MODULE_FAULT', 'derive');
    expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(await expectedCodes());
  });

  test('is rendered without its content', async () => {
    const { vault } = await replicaPair();
    expect(String(vault)).toBe('[VaultOfReplicas: redacted]');
  });
});
