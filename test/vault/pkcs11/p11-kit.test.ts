import { institutionAudience, linkKey, recordAudience, storeAudience, type Vault } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSoftwareVault } from 'renkei/software';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RemoteToken, serveToken } from '../../support/p11-kit.js';
import { syntheticResidents } from '../../support/residents.js';
import { seededBytes } from '../../support/seeded-bytes.js';
import { makeScratchToken } from '../../support/softhsm.js';
import { withCode } from '../../support/with-code.js';

const STORE = storeAudience(1);
const AAA = institutionAudience('AAA', 1);
const RECORD = recordAudience('2026');
const KEYS = Object.fromEntries(
  [linkKey(1), linkKey(2), STORE, AAA, RECORD].map((name) => [name, seededBytes(name, 32)]),
);
/** More than one message to a worker, so that a batch can be cut in the middle. */
const ROWS = 17_000;

const scratch = makeScratchToken('renkei-remote');
const { pin, remove, soPin, token } = scratch;
let remote: RemoteToken;
let software: Vault;

beforeAll(async () => {
  remote = await serveToken(scratch);
  const keys = Object.entries(KEYS).map(([name, value]) => ({ name, level: 1 as const, value }));
  await provisionKeys({ module: remote.module, token, pin, keys });
  software = await openSoftwareVault({ keys: KEYS });
});
afterAll(async () => {
  await remote.stop();
  remove();
});

const openRemote = (engine: 'sealed' | 'bulk') =>
  openPkcs11Vault({ module: remote.module, token, pin, engine });
const residents = (count = ROWS) => syntheticResidents(3, 0, count);

describe('an HSM behind a socket (SoftHSM behind p11-kit server)', () => {
  test('the bulk engine gives the same bytes as the software vault', async () => {
    const vault = await openRemote('bulk');
    try {
      expect(await vault.derive(residents(), [STORE])).toEqual(await software.derive(residents(), [STORE]));
      const derived = await vault.derive(residents(500), [STORE, AAA, RECORD]);
      expect(derived).toEqual(await software.derive(residents(500), [STORE, AAA, RECORD]));
      const [atStore] = derived.codes as [Uint8Array];
      atStore[5] = (atStore[5] as number) ^ 1;
      const translated = await vault.translate(atStore, STORE, [AAA]);
      expect(translated).toEqual(await software.translate(atStore, STORE, [AAA]));
      expect(translated.refusals).toEqual([{ index: 0, code: 'CODE_FORGED' }]);
      expect(await vault.advance(atStore, STORE, 2, [AAA])).toEqual(
        await software.advance(atStore, STORE, 2, [AAA]),
      );
      for (const key of [linkKey(1), STORE, AAA, RECORD]) {
        expect(await vault.fingerprint(key)).toBe(await software.fingerprint(key));
      }
    } finally {
      await vault.close();
    }
  });

  test('opening the sealed engine names the mechanisms its RPC does not carry', async () => {
    await expect(openRemote('sealed')).rejects.toThrow(
      withCode('MECHANISM_MISSING', { message: /CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_KEY_WRAP$/ }),
    );
  });

  test('its RPC carries no nested template: a key of level 3 cannot be made through it', async () => {
    const keys = [{ name: 'store/3', level: 3 as const }];
    await expect(
      provisionKeys({ module: remote.module, token, pin, soPin: () => soPin, keys }),
    ).rejects.toThrow(withCode('MODULE_FAULT', { message: /^C_GenerateKey: / }));
  });
});

describe('the process that serves the HSM is killed under load', () => {
  test('every call is answered rightly or may be made again, and after it calls succeed again', async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown) => unheard.push(reason);
    process.on('unhandledRejection', hear);
    const vault = await openRemote('bulk');
    const expected = await software.derive(residents(), [STORE]);
    const failures: unknown[] = [];
    let answers = 0;

    const call = async () => {
      const rows = residents();
      try {
        expect(await vault.derive(rows, [STORE])).toEqual(expected);
        answers++;
      } catch (error) {
        expect(error).toMatchObject({ name: 'RenkeiError', retryable: true });
        failures.push(error);
      }
      expect(rows.every((byte) => byte === 0)).toBe(true);
    };

    await call();
    expect(answers).toBe(1);
    const load = Array.from({ length: 8 }, call);
    await remote.killServingProcess();
    await Promise.all(load);
    expect(answers + failures.length).toBe(9);

    // After it, calls succeed again, on the same vault.
    expect(await vault.derive(residents(), [STORE])).toEqual(expected);
    expect(vault.health()).toMatchObject({ state: 'ready', brokenSessions: 0 });
    expect(vault.health().recoveries).toBeGreaterThan(0);
    await vault.close();
    process.off('unhandledRejection', hear);
    expect(unheard).toEqual([]);
  });
});
