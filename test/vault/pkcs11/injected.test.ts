import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { institutionAudience, type KeyName, linkKey, storeAudience } from '../../../src/codes/key-names.js';
import type { VaultEvent } from '../../../src/vault/events.js';
import type { Pkcs11VaultOptions } from '../../../src/vault/pkcs11/options.js';
import { openPkcs11Vault } from '../../../src/vault/pkcs11/pkcs11-vault.js';
import { provisionKeys } from '../../../src/vault/pkcs11/provision-keys.js';
import { KeyRing } from '../../../src/vault/pkcs11/worker/key-ring.js';
import type { Vault } from '../../../src/vault/port.js';
import { openSoftwareVault } from '../../../src/vault/software/software-vault.js';
import { keyOf } from '../../support/attack-target.js';
import { injected, refuse } from '../../support/module-in-thread.js';
import { syntheticResidents } from '../../support/residents.js';
import { makeScratchToken } from '../../support/softhsm.js';

vi.mock('../../../src/vault/pkcs11/session-worker.js', () => import('../../support/module-in-thread.js'));

/**
 * Every answer of the table of error classes, given by a real SoftHSM whose calls a proxy intercepts: once, and as a
 * storm. The sessions run on the test's own thread.
 */

const STORE = storeAudience(1);
const INSTITUTION = institutionAudience('0110100000000100', 1);
const NAMES: readonly KeyName[] = [linkKey(1), STORE, INSTITUTION];
const AUDIENCES = [STORE, INSTITUTION];

const scratch = makeScratchToken('injected');
const { module, token, pin } = scratch;
let expected: string[];
let events: VaultEvent[];
let vault: Vault | undefined;

async function open(options: Partial<Pkcs11VaultOptions> = {}): Promise<Vault> {
  events = [];
  vault = await openPkcs11Vault({
    module,
    token,
    pin,
    breakerPauseMs: 50,
    observe: (event) => void events.push(event),
    ...options,
  });
  return vault;
}

beforeAll(async () => {
  const keys = Object.fromEntries(NAMES.map((name) => [name, new Uint8Array(keyOf(name))]));
  await using oracle = await openSoftwareVault({ keys });
  expected = await derive(oracle);
  await provisionKeys({
    module,
    token,
    pin,
    keys: NAMES.map((name) => ({ name, level: 1 as const, value: new Uint8Array(keyOf(name)) })),
  });
});
beforeEach(() => injected.reset());
afterEach(async () => {
  injected.reset();
  await vault?.close();
  vault = undefined;
});
afterAll(() => scratch.remove());

/** Codes of the same residents each time, as hex. */
/** One row: more would be spread over all sessions of the vault. */
async function derive(from: Vault): Promise<string[]> {
  const { codes } = await from.derive(syntheticResidents(1, 0, 1), AUDIENCES);
  return codes.map((packed) => Buffer.from(packed).toString('hex'));
}

/** Lets a function of the module fail so many times. */
function failing(name: string, [ckr, code]: readonly [string, number], times: number): () => number {
  let failed = 0;
  injected.around = (called, real, given) => {
    if (called !== name || failed >= times) return real(...given);
    failed++;
    return refuse(ckr, code);
  };
  return () => failed;
}

const ofType = <T extends VaultEvent['type']>(type: T) =>
  events.filter((event): event is Extract<VaultEvent, { type: T }> => event.type === type);
const breakerStates = () => ofType('breaker').map(({ state }) => state);

const SESSION = [
  ['CKR_SESSION_HANDLE_INVALID', 0xb3],
  ['CKR_SESSION_CLOSED', 0xb0],
  ['CKR_SESSION_COUNT', 0xb1],
  ['CKR_OPERATION_ACTIVE', 0x90],
  ['CKR_OPERATION_NOT_INITIALIZED', 0x91],
  ['CKR_BUFFER_TOO_SMALL', 0x150],
] as const;
const LOGIN = [
  ['CKR_USER_NOT_LOGGED_IN', 0x101],
  ['CKR_OBJECT_HANDLE_INVALID', 0x82],
  ['CKR_KEY_HANDLE_INVALID', 0x60],
  ['CKR_WRAPPING_KEY_HANDLE_INVALID', 0x113],
  ['CKR_UNWRAPPING_KEY_HANDLE_INVALID', 0xf0],
] as const;
const DEVICE = [
  ['CKR_HOST_MEMORY', 0x02],
  ['CKR_GENERAL_ERROR', 0x05],
  ['CKR_FUNCTION_FAILED', 0x06],
  ['CKR_DEVICE_ERROR', 0x30],
  ['CKR_DEVICE_MEMORY', 0x31],
  ['CKR_DEVICE_REMOVED', 0x32],
  ['CKR_TOKEN_NOT_PRESENT', 0xe0],
  ['CKR_TOKEN_NOT_RECOGNIZED', 0xe1],
  ['CKR_CRYPTOKI_NOT_INITIALIZED', 0x190],
] as const;
const BUGS = [
  ['CKR_ARGUMENTS_BAD', 0x07],
  ['CKR_DATA_LEN_RANGE', 0x21],
  ['CKR_KEY_TYPE_INCONSISTENT', 0x63],
  ['CKR_KEY_FUNCTION_NOT_PERMITTED', 0x68],
  ['CKR_MECHANISM_INVALID', 0x70],
  ['CKR_MECHANISM_PARAM_INVALID', 0x71],
] as const;

const classes = [
  ...SESSION.map((ckr) => ({ name: ckr[0], ckr, fault: 'session' })),
  ...LOGIN.map((ckr) => ({ name: ckr[0], ckr, fault: 'login' })),
  ...DEVICE.map((ckr) => ({ name: ckr[0], ckr, fault: 'device' })),
];

describe('Answered once,', () => {
  it.each(classes)(
    '$name is mended as a fault of the $fault, and the codes are right',
    async ({ ckr, fault }) => {
      const sealed = await open();
      await derive(sealed);
      const failed = failing('C_WrapKey', ckr, 1);
      expect(await derive(sealed)).toEqual(expected);
      expect(failed()).toBe(1);
      expect(ofType('fault')).toEqual([{ type: 'fault', fault, error: 'MODULE_FAULT' }]);
      expect(ofType('retry')).toEqual([{ type: 'retry', attempt: 1 }]);
      expect(ofType('recovered')).toMatchObject([{ fault }]);
      // Only a fault of the device takes the module down and up.
      expect((injected.calls.get('C_Finalize') ?? 0) > 0).toBe(fault === 'device');
      expect(sealed.health()).toMatchObject({ state: 'ready', brokenSessions: 0, recoveries: 1 });
    },
  );

  it.each(classes)('$name in the bulk engine too', async ({ ckr, fault }) => {
    const bulk = await open({ engine: 'bulk' });
    await derive(bulk);
    failing('C_Encrypt', ckr, 1);
    expect(await derive(bulk)).toEqual(expected);
    expect(ofType('recovered')).toMatchObject([{ fault }]);
  });

  it.each(BUGS)("%s is the caller's or the library's bug: not tried again", async (...ckr) => {
    const sealed = await open();
    await derive(sealed);
    const failed = failing('C_WrapKey', ckr, 1);
    await expect(derive(sealed)).rejects.toMatchObject({
      code: 'MODULE_REFUSED',
      message: `C_WrapKey: ${ckr[0]}`,
      retryable: false,
    });
    expect(failed()).toBe(1);
    expect([ofType('retry'), ofType('recovered')]).toEqual([[], []]);
    expect(await derive(sealed)).toEqual(expected);
  });

  it.each(['C_DeriveKey', 'C_DestroyObject'])(
    'by %s, a fault of the session leaves no wrong code',
    async (name) => {
      const sealed = await open();
      await derive(sealed);
      failing(name, SESSION[0], 1);
      expect(await derive(sealed)).toEqual(expected);
    },
  );
});

describe('As a storm,', () => {
  it.each(classes.filter(({ fault }) => fault === 'device'))(
    '$name opens the breaker: calls then fail at once and the module is left alone; one probe closes it',
    async ({ ckr }) => {
      const sealed = await open({ retries: 1 });
      await derive(sealed);
      failing('C_WrapKey', ckr, Number.POSITIVE_INFINITY);
      const codes: unknown[] = [];
      for (let n = 0; n < 6; n++) {
        await derive(sealed).catch((error: { code: string }) => codes.push(error.code));
      }
      expect(new Set(codes.slice(0, 4))).toEqual(new Set(['MODULE_FAULT']));
      expect(breakerStates()).toEqual(['open']);
      expect(codes.slice(4)).toEqual(['HSM_UNAVAILABLE', 'HSM_UNAVAILABLE']);
      expect(sealed.health().state).toBe('unavailable');
      const calls = injected.calls.get('C_WrapKey');
      await expect(derive(sealed)).rejects.toMatchObject({
        code: 'HSM_UNAVAILABLE',
        retryable: true,
      });
      expect(injected.calls.get('C_WrapKey')).toBe(calls);

      await new Promise((resolve) => setTimeout(resolve, 60));
      injected.reset();
      expect(await derive(sealed)).toEqual(expected);
      expect(breakerStates()).toEqual(['open', 'half-open', 'closed']);
      expect(sealed.health().state).toBe('ready');
    },
  );

  it('of a device, a probe that fails opens the breaker again', async () => {
    const sealed = await open({ retries: 0, breakerPauseMs: 20 });
    await derive(sealed);
    failing('C_WrapKey', ['CKR_DEVICE_ERROR', 0x30], Number.POSITIVE_INFINITY);
    for (let n = 0; n < 8; n++) await derive(sealed).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await expect(derive(sealed)).rejects.toMatchObject({ code: 'MODULE_FAULT' });
    expect(breakerStates()).toEqual(['open', 'half-open', 'open']);
  });

  it.each([SESSION[0], LOGIN[0]])(
    '%s is tried as often as allowed, and then fails as retryable',
    async (...ckr) => {
      const sealed = await open({ retries: 2 });
      await derive(sealed);
      failing('C_WrapKey', ckr, Number.POSITIVE_INFINITY);
      await expect(derive(sealed)).rejects.toMatchObject({
        code: 'MODULE_FAULT',
        retryable: true,
      });
      expect(ofType('retry')).toHaveLength(2);
      injected.reset();
      expect(await derive(sealed)).toEqual(expected);
    },
  );
});

describe('A PIN', () => {
  it.each([
    ['CKR_PIN_INCORRECT', 0xa0, 'PIN_REFUSED'],
    ['CKR_PIN_INVALID', 0xa1, 'PIN_REFUSED'],
    ['CKR_PIN_LEN_RANGE', 0xa2, 'PIN_REFUSED'],
    ['CKR_PIN_EXPIRED', 0xa3, 'PIN_REFUSED'],
    ['CKR_USER_PIN_NOT_INITIALIZED', 0x102, 'PIN_REFUSED'],
    ['CKR_PIN_LOCKED', 0xa4, 'PIN_LOCKED'],
  ] as const)('refused with %s at the opening is tried once', async (ckr, code, error) => {
    failing('C_Login', [ckr, code], Number.POSITIVE_INFINITY);
    await expect(open({ sessions: 2 })).rejects.toMatchObject({ code: error, retryable: false });
    expect(injected.calls.get('C_Login')).toBe(1);
    // The module is finalised although the second session was never begun.
    expect(injected.calls.get('C_Finalize')).toBe(1);
  });

  it.each([
    ['CKR_PIN_INCORRECT', 0xa0, 'PIN_REFUSED'],
    ['CKR_PIN_LOCKED', 0xa4, 'PIN_LOCKED'],
  ] as const)('refused with %s at a recovery is tried once, whoever calls', async (ckr, code, error) => {
    const sealed = await open({ sessions: 2 });
    await derive(sealed);
    injected.calls.clear();
    let lost = false;
    injected.around = (name, real, given) => {
      if (name === 'C_Login') return refuse(ckr, code);
      if (name !== 'C_WrapKey' || lost) return real(...given);
      lost = true;
      return refuse('CKR_DEVICE_ERROR', 0x30);
    };
    for (let n = 0; n < 3; n++) {
      await expect(derive(sealed)).rejects.toMatchObject({ code: error, retryable: false });
    }
    const both = await Promise.allSettled([derive(sealed), derive(sealed)]);
    for (const result of both) expect(result).toMatchObject({ reason: { code: error } });
    expect(injected.calls.get('C_Login')).toBe(1);
  });

  it('is not tried at all when one more mistake would lock the token', async () => {
    injected.around = (name, real, given) => {
      const answer = real(...given) as { flags: number };
      return name === 'C_GetTokenInfo' ? { ...answer, flags: answer.flags | 0x20000 } : answer;
    };
    await expect(open()).rejects.toMatchObject({ code: 'PIN_LOCKED' });
    expect(injected.calls.get('C_Login')).toBeUndefined();
  });
});

describe('Handles that come to mean another key, silently,', () => {
  /** From the next chunk on, the store's handle is the institution's, until handles are asked for anew. */
  function swapHandles(): void {
    const seen: Buffer[] = [];
    let swapped = true;
    injected.around = (name, real, given) => {
      if (name === 'C_FindObjectsInit') swapped = false;
      if (name !== 'C_WrapKey' || !swapped) return real(...given);
      const key = given[2] as Buffer;
      if (!seen.some((handle) => handle.equals(key))) seen.push(key);
      const other = seen.find((handle) => !handle.equals(key));
      return real(given[0], given[1], other ?? key, ...given.slice(3));
    };
  }

  it('are noticed before a code leaves: keys are found anew and the codes are right', async () => {
    const sealed = await open();
    await derive(sealed);
    swapHandles();
    expect(await derive(sealed)).toEqual(expected);
    expect(ofType('recovered')).toMatchObject([{ fault: 'login' }]);
  });

  it('that differ between two first uses at the same time are not both believed', async () => {
    const sealed = await open({ sessions: 2 });
    const find = KeyRing.prototype.find;
    let found = 0;
    const spy = vi.spyOn(KeyRing.prototype, 'find').mockImplementation(function (this: KeyRing, name) {
      const fingerprint = `000000000000000${found++}`;
      return { ...find.call(this, name), fingerprint };
    });
    const both = await Promise.allSettled([sealed.fingerprint(STORE), sealed.fingerprint(STORE)]);
    spy.mockRestore();
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'KEY_FINGERPRINT_MISMATCH' },
    });
  });

  it('would give wrong codes without the second look', async () => {
    const look = vi.spyOn(KeyRing.prototype, 'recheck').mockReturnValue();
    try {
      const sealed = await open();
      await derive(sealed);
      swapHandles();
      expect(await derive(sealed)).not.toEqual(expected);
    } finally {
      look.mockRestore();
    }
  });
});

describe('A module that hangs', () => {
  /** Holds computations back until told otherwise. */
  function hang(): () => Promise<void> {
    let go = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    injected.hold = (name) => (name === 'compute' ? held : undefined);
    return async () => {
      injected.hold = () => undefined;
      go();
      await new Promise(setImmediate);
    };
  }

  it.each([
    ['the vault gives up on it', { moduleTimeoutMs: 50 }, {}],
    ['the deadline of the call passes', {}, { timeoutMs: 50 }],
  ])('is DEADLINE_EXCEEDED when %s; the vault works when it is back', async (_, options, limits) => {
    const sealed = await open(options);
    await derive(sealed);
    const back = hang();
    const residents = syntheticResidents(1, 0, 40);
    await expect(sealed.derive(residents, AUDIENCES, limits)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      retryable: true,
    });
    expect(residents.every((byte) => byte === 0)).toBe(true);
    await back();
    expect(await derive(sealed)).toEqual(expected);
    expect(sealed.health().state).toBe('ready');
  });

  it('does not keep an aborted call: ABORTED after a grace', async () => {
    const sealed = await open();
    await derive(sealed);
    const back = hang();
    const controller = new AbortController();
    const call = sealed.derive(syntheticResidents(1, 0, 40), AUDIENCES, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
    await back();
    expect(await derive(sealed)).toEqual(expected);
  });

  it('keeps its session until it answers: the next call waits for it and its codes are right', async () => {
    const sealed = await open();
    await derive(sealed);
    const back = hang();
    const gone = sealed.derive(syntheticResidents(9, 0, 40), AUDIENCES, { timeoutMs: 20 });
    await expect(gone).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    let answered = false;
    const next = derive(sealed).finally(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(false);
    await back();
    expect(await next).toEqual(expected);
  });

  it('in every session: nobody waits behind it, and health says unavailable', async () => {
    const sealed = await open({ sessions: 2, moduleTimeoutMs: 50 });
    await derive(sealed);
    const back = hang();
    const calls = await Promise.allSettled([0, 1, 2, 3].map(() => derive(sealed)));
    const codes = calls.map((call) => (call as { reason?: { code?: string } }).reason?.code);
    expect(codes.sort()).toEqual([
      'DEADLINE_EXCEEDED',
      'DEADLINE_EXCEEDED',
      'HSM_UNAVAILABLE',
      'HSM_UNAVAILABLE',
    ]);
    await expect(derive(sealed)).rejects.toMatchObject({ code: 'HSM_UNAVAILABLE' });
    expect(sealed.health()).toMatchObject({ state: 'unavailable', brokenSessions: 2 });
    await back();
    expect(await derive(sealed)).toEqual(expected);
    expect(sealed.health()).toMatchObject({ state: 'ready', brokenSessions: 0 });
  });

  it('in one session does not hold up the recovery of the other for ever', async () => {
    const sealed = await open({ sessions: 2, moduleTimeoutMs: 50, retries: 0 });
    await derive(sealed);
    const back = hang();
    const stuck = derive(sealed);
    await expect(stuck).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    failing('C_WrapKey', ['CKR_DEVICE_ERROR', 0x30], 1);
    await expect(sealed.fingerprint(STORE)).rejects.toMatchObject({ retryable: true });
    await expect(sealed.fingerprint(STORE)).rejects.toMatchObject({ retryable: true });
    await sealed.close();
    await back();
  });

  it('does not hang the closing', async () => {
    const sealed = await open({ sessions: 2, moduleTimeoutMs: 50 });
    await derive(sealed);
    const back = hang();
    await expect(derive(sealed)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    injected.calls.clear();
    await sealed.close();
    // Somebody is still inside: to finalise now would crash the process.
    expect(injected.calls.get('C_Finalize')).toBeUndefined();
    expect(sealed.health().state).toBe('closed');
    await back();
  });
});
