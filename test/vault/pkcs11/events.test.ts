import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { linkKey, storeAudience } from '../../../src/codes/key-names.js';
import type { VaultEvent } from '../../../src/vault/events.js';
import { openPkcs11Vault } from '../../../src/vault/pkcs11/pkcs11-vault.js';
import { provisionKeys } from '../../../src/vault/pkcs11/provision-keys.js';
import type { Vault } from '../../../src/vault/port.js';
import { injected, refuse } from '../../support/module-in-thread.js';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';
import { makeScratchToken } from '../../support/softhsm.js';

vi.mock('../../../src/vault/pkcs11/session-worker.js', () => import('../../support/module-in-thread.js'));

const STORE = storeAudience(1);
const scratch = makeScratchToken('events');
const { module, token, pin } = scratch;
const options = { module, token, pin, retries: 1, breakerPauseMs: 20 };
let vault: Vault | undefined;

beforeAll(async () => {
  const keys = [linkKey(1), STORE].map((name) => ({ name, level: 1 as const }));
  await provisionKeys({ module, token, pin, keys });
});
beforeEach(() => injected.reset());
afterEach(async () => {
  injected.reset();
  await vault?.close();
});
afterAll(() => scratch.remove());

const derive = (from: Vault, count = 5) => from.derive(syntheticResidents(1, 0, count), [STORE]);
const down = (name: string) => {
  injected.around = (called, real, given) =>
    called === name ? refuse('CKR_DEVICE_ERROR', 0x30) : real(...given);
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A life with everything in it that an observer is told of; gives what it saw and the states of health. */
async function eventfulLife(observe: (event: VaultEvent) => void): Promise<string[]> {
  vault = await openPkcs11Vault({ ...options, observe });
  const states: string[] = [vault.health().state];
  const { codes } = await derive(vault);
  const [code] = codes as [Uint8Array];
  await vault.fingerprint(STORE);
  await vault.translate(
    Uint8Array.from(code, (byte, n) => (n === 0 ? byte ^ 1 : byte)),
    STORE,
    [STORE],
  );
  await vault.advance(code, STORE, 2, [STORE]).catch(() => undefined);
  // A recovery that succeeds, one that fails, and the breaker's whole round.
  let once = true;
  injected.around = (called, real, given) => {
    if (called !== 'C_WrapKey' || !once) return real(...given);
    once = false;
    return refuse('CKR_SESSION_HANDLE_INVALID', 0xb3);
  };
  await derive(vault);
  down('C_WrapKey');
  await derive(vault).catch(() => undefined);
  states.push(vault.health().state);
  down('C_OpenSession');
  for (let n = 0; n < 3; n++) await derive(vault).catch(() => undefined);
  states.push(vault.health().state);
  injected.reset();
  await pause(30);
  await derive(vault);
  states.push(vault.health().state);
  await vault.close();
  states.push(vault.health().state);
  return states;
}

describe('An observer', () => {
  it('is told every event of the union, with ids, counts, durations and codes and nothing else', async () => {
    const events: VaultEvent[] = [];
    await eventfulLife((event) => void events.push(event));
    const members: Record<VaultEvent['type'], readonly string[]> = {
      call: ['type', 'operation', 'items', 'refused', 'durationMs', 'error'],
      fault: ['type', 'fault', 'error'],
      retry: ['type', 'attempt'],
      recovered: ['type', 'fault', 'durationMs'],
      'recovery-failed': ['type', 'fault', 'error'],
      breaker: ['type', 'state'],
      closed: ['type'],
    };
    expect([...new Set(events.map(({ type }) => type))].sort()).toEqual(Object.keys(members).sort());
    const words = /^[a-z-]+$|^[A-Z_]+$/;
    for (const event of events) {
      for (const [name, value] of Object.entries(event)) {
        expect(members[event.type]).toContain(name);
        if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0);
        else expect(value).toMatch(words);
      }
    }
    const text = JSON.stringify(events);
    for (const resident of syntheticResidentTexts(1, 0, 5)) expect(text).not.toContain(resident);
  });

  it('is told how each call ended: its items, the refused among them, or its error', async () => {
    const calls: Extract<VaultEvent, { type: 'call' }>[] = [];
    await eventfulLife((event) => {
      if (event.type === 'call') calls.push(event);
    });
    expect(calls.slice(0, 4)).toMatchObject([
      { operation: 'derive', items: 5, refused: 0 },
      { operation: 'fingerprint', items: 1, refused: 0 },
      { operation: 'translate', items: 5, refused: 1 },
      { operation: 'advance', items: 0, error: 'ENGINE_REFUSED' },
    ]);
  });

  it('that throws disturbs nothing', async () => {
    const states = await eventfulLife(() => {
      throw new Error('the observer is broken');
    });
    expect(states.at(-1)).toBe('closed');
  });
});

it('Health is ready, degraded while something is to be mended, unavailable, ready again, and closed', async () => {
  const states = await eventfulLife(() => undefined);
  expect(states).toEqual(['ready', 'degraded', 'unavailable', 'ready', 'closed']);
});
