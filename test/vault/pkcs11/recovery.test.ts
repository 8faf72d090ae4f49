import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import pkcs11js from 'pkcs11js';
import { type Audience, type KeyName, linkKey, storeAudience, type Vault, type VaultEvent } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSoftwareVault } from 'renkei/software';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fault, makeFaults } from '../../soak/faults.js';
import { keyOf } from '../../support/attack-target.js';
import { Intruder } from '../../support/intruder.js';
import { derive, Load } from '../../support/load.js';
import { makeScratchToken } from '../../support/softhsm.js';

/**
 * Each fault is really produced, while several callers use the vault. After it the same vault gives the same codes, no
 * request is lost and no code is wrong. Faults that finalise the module strike when nobody is inside it: to finalise
 * under a call crashes the process by the rules of PKCS#11 itself.
 */

const STORE = storeAudience(1);
const INSTITUTION = 'institution/0110100000000100/1' as Audience;
const OTHER = 'institution/0220113112101700/1' as Audience;
const NAMES: readonly KeyName[] = [linkKey(1), STORE, INSTITUTION, OTHER];
const AUDIENCES = [STORE, INSTITUTION];
const CALLERS = 4;

const scratch = makeScratchToken('recovery');
const { module, token, pin } = scratch;
const { faults, end } = makeFaults(scratch);
const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);

let oracle: Vault;
let load: Load;
let vault: Vault;
let events: VaultEvent[];
let pinsAsked: number;

async function open(engine: 'sealed' | 'bulk'): Promise<void> {
  events = [];
  pinsAsked = 0;
  vault = await openPkcs11Vault({
    module,
    token,
    engine,
    sessions: 2,
    breakerPauseMs: 20,
    pin: () => {
      pinsAsked++;
      return pin();
    },
    observe: (event) => void events.push(event),
  });
}

beforeAll(async () => {
  process.on('unhandledRejection', note);
  const keys = Object.fromEntries(NAMES.map((name) => [name, new Uint8Array(keyOf(name))]));
  oracle = await openSoftwareVault({ keys });
  await provisionKeys({
    module,
    token,
    pin,
    keys: NAMES.map((name) => ({ name, level: 1 as const, value: new Uint8Array(keyOf(name)) })),
  });
});
beforeEach(async () => {
  load = await Load.prepare(oracle, AUDIENCES);
});
afterEach(async () => {
  await load.stop();
  await vault.close();
  await new Promise(setImmediate);
  expect(unhandled).toEqual([]);
});
afterAll(() => {
  process.off('unhandledRejection', note);
  end();
  scratch.remove();
});

const [folder] = readdirSync(join(scratch.folder, 'tokens')) as [string];
/** The module stays healthy and has no token any more: what a partition taken away looks like. */
const partitionAway: Fault = {
  name: 'this token alone away and back',
  exclusive: false,
  strike: async () => {
    const place = join(scratch.folder, 'tokens', folder);
    renameSync(place, join(scratch.folder, 'away'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    renameSync(join(scratch.folder, 'away'), place);
  },
};

const strike = (fault: Fault) =>
  fault.exclusive ? load.gate.shut(async () => fault.strike()) : Promise.resolve(fault.strike());

const recovered = () => events.flatMap((event) => (event.type === 'recovered' ? [event.fault] : []));

describe.each(['sealed', 'bulk'] as const)('Under load, with the %s engine,', (engine) => {
  beforeEach(() => open(engine));

  it.each([...faults, partitionAway])(
    '$name: the same codes afterwards, none lost, none wrong',
    async (fault) => {
      load.start(vault, CALLERS);
      await load.served(8);
      for (let n = 0; n < 2; n++) {
        await strike(fault);
        await load.served(12);
      }
      await load.stop();
      const { wrong, lost, failures } = load;
      expect({ wrong, lost, failures }).toEqual({ wrong: 0, lost: 0, failures: [] });
      expect(recovered().length).toBeGreaterThan(0);
      expect(vault.health().recoveries).toBe(recovered().length);
      expect(await derive(vault, 0, AUDIENCES)).toEqual(await derive(oracle, 0, AUDIENCES));
    },
  );
});

describe('What a recovery is made of is what was broken:', () => {
  beforeEach(() => open('sealed'));

  it.each([
    ['logged out', ['login']],
    ['all sessions closed', ['session', 'login']],
    ['module finalised', ['device']],
    ['worker thread dead', ['worker']],
  ] as const)('%s', async (name, expected) => {
    await derive(vault, 0, AUDIENCES);
    await strike(faults.find((fault) => fault.name === name) as Fault);
    // Both sessions are used.
    await Promise.all([0, 1, 2, 3].map((batch) => derive(vault, batch, AUDIENCES)));
    expect(recovered().length).toBeGreaterThan(0);
    for (const fault of recovered()) expect(['session', ...expected]).toContain(fault);
    expect(recovered()).toEqual(expect.arrayContaining([expect.stringMatching(expected.join('|'))]));
    expect(events.some((event) => event.type === 'recovery-failed')).toBe(false);
    expect(vault.health()).toMatchObject({ state: 'ready', brokenSessions: 0 });
  });
});

describe('A PIN that was changed meanwhile', () => {
  const NEW_PIN = '98765';
  const setPin = (from: string, to: string) => {
    const intruder = new Intruder(scratch, token.label, from);
    intruder.module.C_SetPIN(intruder.session, from, to);
    intruder.module.C_Logout(intruder.session);
    intruder.module.C_CloseSession(intruder.session);
  };

  beforeEach(() => open('sealed'));

  it('is tried once by all callers together, and never again', async () => {
    load.start(vault, CALLERS);
    await load.served(8);
    const asked = pinsAsked;
    try {
      await load.gate.shut(async () => setPin(scratch.userPin, NEW_PIN));
      while (load.failures.length < 3 * CALLERS) await new Promise((resolve) => setTimeout(resolve, 5));
      await load.stop();
      expect(new Set(load.failures)).toEqual(new Set(['PIN_REFUSED']));
      expect(load.wrong).toBe(0);
      expect(pinsAsked).toBe(asked + 1);
      await expect(vault.fingerprint(STORE)).rejects.toMatchObject({ code: 'PIN_REFUSED', retryable: false });
      expect(pinsAsked).toBe(asked + 1);
      expect(vault.health().state).toBe('degraded');
    } finally {
      setPin(NEW_PIN, scratch.userPin);
    }
    // For good: the right PIN would be another opening's.
    await expect(vault.fingerprint(STORE)).rejects.toMatchObject({ code: 'PIN_REFUSED' });
    expect(pinsAsked).toBe(asked + 1);
  });
});

describe('A key that changes under the vault', () => {
  const LEVEL_1 = {
    ...Object.fromEntries(
      [
        pkcs11js.CKA_TOKEN,
        pkcs11js.CKA_PRIVATE,
        pkcs11js.CKA_SENSITIVE,
        pkcs11js.CKA_ENCRYPT,
        pkcs11js.CKA_DECRYPT,
        pkcs11js.CKA_WRAP,
        pkcs11js.CKA_UNWRAP,
      ].map((type) => [type, true]),
    ),
    [pkcs11js.CKA_EXTRACTABLE]: false,
  };

  /** Destroys the institution's key, and plants another in its place. */
  function replace(value: Uint8Array | undefined): void {
    const intruder = new Intruder(scratch, token.label, scratch.userPin);
    for (const key of intruder.find(INSTITUTION)) intruder.module.C_DestroyObject(intruder.session, key);
    if (value !== undefined) intruder.plant(INSTITUTION, value, LEVEL_1);
    intruder.module.C_Finalize();
    intruder.module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
  }

  afterEach(() => replace(keyOf(INSTITUTION)));

  it.each([
    ['sealed', 'KEY_FINGERPRINT_MISMATCH', new Uint8Array(32).fill(7)],
    ['bulk', 'KEY_FINGERPRINT_MISMATCH', new Uint8Array(32).fill(7)],
    ['sealed', 'KEY_NOT_FOUND', undefined],
    ['bulk', 'KEY_NOT_FOUND', undefined],
  ] as const)('(%s engine): %s and no code, until the right one is back', async (engine, code, value) => {
    await open(engine);
    load.start(vault, CALLERS);
    await load.served(8);
    await load.gate.shut(async () => replace(value));
    while (load.failures.length < 2 * CALLERS) await new Promise((resolve) => setTimeout(resolve, 5));
    await load.stop();
    expect(new Set(load.failures)).toEqual(new Set([code]));
    expect([load.wrong, load.lost]).toEqual([0, 0]);
    // Nobody else suffers.
    expect(await derive(vault, 3, [STORE, OTHER])).toEqual(await derive(oracle, 3, [STORE, OTHER]));
    expect(vault.health().state).not.toBe('unavailable');

    await load.gate.shut(async () => replace(keyOf(INSTITUTION)));
    load.start(vault, CALLERS);
    await load.served(8);
    await load.stop();
    expect([load.wrong, load.lost]).toEqual([0, 0]);
  });
});
