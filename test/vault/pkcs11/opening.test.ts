import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBareSession } from '../../support/bare-session.js';
import { referenceCode, referenceFingerprint } from '../../support/reference.js';
import { syntheticResidents } from '../../support/residents.js';
import { makeScratchToken } from '../../support/softhsm.js';
import { NSS_MODULE } from '../../support/system-packages.js';
import { AAA, KEY_NAMES, STORE, TEST_KEYS } from '../../support/test-keys.js';
import { withCode } from '../../support/with-code.js';

const scratch = makeScratchToken('mine');
scratch.addToken('twin');
scratch.addToken('twin');
const { module, token, pin } = scratch;
const options = { module, token, pin };
/** PKCS#11 2.40 table 2. */
const CKS_RW_USER_FUNCTIONS = 3;
let twinSerials: string[];

beforeAll(async () => {
  const keys = KEY_NAMES.map((name) => ({ name, level: 1 as const, value: TEST_KEYS[name] as Uint8Array }));
  await provisionKeys({ ...options, keys });
  const bare = openBareSession(module, 'mine', scratch.userPin);
  const infos = bare.module.C_GetSlotList(true).map((slot) => bare.module.C_GetTokenInfo(slot));
  twinSerials = infos
    .filter(({ label }) => label.trim() === 'twin')
    .map(({ serialNumber }) => serialNumber.trim());
  bare.close();
});
afterAll(() => {
  scratch.remove();
});

describe('options of openPkcs11Vault', () => {
  it.each<[string, string, object]>([
    ['an unknown option', 'OPTION_UNKNOWN', { slot: 0 }],
    ['an unknown option of the token', 'OPTION_UNKNOWN', { token: { label: 'mine', slot: 0 } }],
    ['no module', 'OPTION_INVALID', { module: undefined }],
    ['an empty module', 'OPTION_INVALID', { module: '' }],
    ['no token', 'OPTION_INVALID', { token: undefined }],
    ['a token as a text', 'OPTION_INVALID', { token: 'mine' }],
    ['a token without a label', 'OPTION_INVALID', { token: { serial: '1' } }],
    ['a PIN in place of the callback', 'OPTION_INVALID', { pin: '1234' }],
    ['an engine of another name', 'OPTION_INVALID', { engine: 'fast' }],
    ['no session', 'OPTION_INVALID', { sessions: 0 }],
    ['65 sessions', 'OPTION_INVALID', { sessions: 65 }],
    ['a chunk of 15 bytes', 'OPTION_INVALID', { chunkBytes: 15 }],
    ['a chunk of no bytes', 'OPTION_INVALID', { chunkBytes: 0 }],
    ['a chunk of half a block more', 'OPTION_INVALID', { chunkBytes: 65_544 }],
    ['a chunk above 16 MiB', 'OPTION_INVALID', { chunkBytes: 16 * 1_048_576 + 16 }],
    ['a fingerprint of 15 digits', 'OPTION_INVALID', { expectedFingerprints: { 'store/1': '0'.repeat(15) } }],
    [
      'a fingerprint in upper case',
      'OPTION_INVALID',
      { expectedFingerprints: { 'store/1': 'ABCDEF0123456789' } },
    ],
    ['a fingerprint of no key', 'KEY_NAME_INVALID', { expectedFingerprints: { 'store/01': '0'.repeat(16) } }],
  ])('%s: %s', async (_, code, given) => {
    const call = openPkcs11Vault({ ...options, ...given } as never);
    await expect(call).rejects.toMatchObject({ code, message: expect.not.stringContaining('1234') });
  });
});

describe('the module', () => {
  it.each(['/no/such/module.so', import.meta.filename, '/dev/null'])(
    '%s is none: MODULE_LOAD',
    async (path) => {
      await expect(openPkcs11Vault({ ...options, module: path })).rejects.toThrow(withCode('MODULE_LOAD'));
    },
  );

  it('that refuses to be initialised says so: NSS softokn without its parameters', async () => {
    await expect(openPkcs11Vault({ ...options, module: NSS_MODULE })).rejects.toThrow(
      withCode('MODULE_REFUSED', { message: /^C_Initialize: CKR_ARGUMENTS_BAD$/ }),
    );
  });

  it('is not opened twice with different parameters', async () => {
    await using vault = await openPkcs11Vault(options);
    await expect(openPkcs11Vault({ ...options, libraryParameters: 'other' })).rejects.toThrow(
      withCode('OPTION_INVALID', { message: /libraryParameters/ }),
    );
    expect(await vault.fingerprint(AAA)).toBe(referenceFingerprint(TEST_KEYS, AAA));
  });
});

describe('the token', () => {
  it('is found by its label', async () => {
    await using vault = await openPkcs11Vault(options);
    expect(await vault.fingerprint(AAA)).toBe(referenceFingerprint(TEST_KEYS, AAA));
  });

  it.each([
    ['another label', { label: 'yours' }],
    ['a part of the label', { label: 'min' }],
    ['the label and another serial number', { label: 'mine', serial: '0' }],
  ])('is not found by %s', async (_, selector) => {
    await expect(openPkcs11Vault({ ...options, token: selector })).rejects.toThrow(
      withCode('TOKEN_NOT_FOUND'),
    );
  });

  it('is ambiguous where two bear the label, and then found by its serial number', async () => {
    await expect(openPkcs11Vault({ ...options, token: { label: 'twin' } })).rejects.toThrow(
      withCode('TOKEN_AMBIGUOUS', { message: /serial number/ }),
    );
    expect(new Set(twinSerials).size).toBe(2);
    const [first, second] = twinSerials.map((serial) => ({ ...options, token: { label: 'twin', serial } }));
    if (first === undefined || second === undefined) throw new Error('there are no twins');
    await provisionKeys({
      ...first,
      keys: [{ name: STORE, level: 2, value: TEST_KEYS[STORE] as Uint8Array }],
    });
    await using here = await openPkcs11Vault(first);
    await using there = await openPkcs11Vault(second);
    expect(await here.fingerprint(STORE)).toBe(referenceFingerprint(TEST_KEYS, STORE));
    await expect(there.fingerprint(STORE)).rejects.toThrow(withCode('KEY_NOT_FOUND'));
  });
});

describe('the PIN', () => {
  const asked = (answer: () => unknown) => {
    let times = 0;
    const ask = () => {
      times++;
      return answer();
    };
    return { ask: ask as () => string, times: () => times };
  };

  it('that is wrong is asked for once and refused; a later right one works', async () => {
    const wrong = asked(() => '9999');
    await expect(openPkcs11Vault({ ...options, pin: wrong.ask, sessions: 4 })).rejects.toThrow(
      withCode('PIN_REFUSED', { message: /^C_Login: CKR_PIN_INCORRECT$/, retryable: false }),
    );
    expect(wrong.times()).toBe(1);
    const right = asked(() => '1234');
    await using vault = await openPkcs11Vault({ ...options, pin: right.ask, sessions: 4 });
    expect(right.times()).toBe(1);
    expect(await vault.fingerprint(AAA)).toBe(referenceFingerprint(TEST_KEYS, AAA));
  });

  it('may be bytes, from a promise, and the bytes are wiped: when it is right and when it is wrong', async () => {
    const right = Uint8Array.from([0x31, 0x32, 0x33, 0x34]);
    await using vault = await openPkcs11Vault({ ...options, pin: async () => right });
    expect([...right]).toEqual([0, 0, 0, 0]);
    expect(await vault.fingerprint(AAA)).toBe(referenceFingerprint(TEST_KEYS, AAA));
    await vault.close();
    const wrong = Uint8Array.from([0x39, 0x39, 0x39, 0x39]);
    await expect(openPkcs11Vault({ ...options, pin: () => wrong })).rejects.toThrow(withCode('PIN_REFUSED'));
    expect([...wrong]).toEqual([0, 0, 0, 0]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('PIN 4711 is not to be shown');
      },
    ],
    ['rejects', () => Promise.reject(new Error('PIN 4711 is not to be shown'))],
    ['gives a number', () => 4711],
    ['gives nothing', () => undefined],
  ])('callback that %s is PIN_REFUSED, and nothing of it is shown', async (_, answer) => {
    const call = openPkcs11Vault({ ...options, pin: answer as () => string });
    await expect(call).rejects.toMatchObject({
      code: 'PIN_REFUSED',
      message: expect.not.stringContaining('4711'),
    });
  });

  it('that is missing is refused', async () => {
    await expect(openPkcs11Vault({ module, token })).rejects.toMatchObject({ code: 'PIN_REFUSED' });
  });

  it('is not asked for where this process is logged in already', async () => {
    await using first = await openPkcs11Vault(options);
    const never = asked(() => '1234');
    await using second = await openPkcs11Vault({ ...options, pin: never.ask });
    expect(never.times()).toBe(0);
    expect(await second.fingerprint(AAA)).toBe(await first.fingerprint(AAA));
  });
});

describe('one module, several vaults', () => {
  it('closing one leaves the others working; after the last it can be opened again', async () => {
    const first = await openPkcs11Vault(options);
    const second = await openPkcs11Vault({ ...options, engine: 'bulk', sessions: 2 });
    await first.close();
    expect(await second.fingerprint(AAA)).toBe(referenceFingerprint(TEST_KEYS, AAA));
    await second.close();
    await using third = await openPkcs11Vault(options);
    expect(await third.fingerprint(AAA)).toBe(referenceFingerprint(TEST_KEYS, AAA));
  });

  it('opened and closed at once, in any order', async () => {
    const run = async (k: number) => {
      await using vault = await openPkcs11Vault({ ...options, engine: k % 2 === 0 ? 'bulk' : 'sealed' });
      return await vault.fingerprint(AAA);
    };
    const fingerprints = await Promise.all(Array.from({ length: 6 }, (_, k) => run(k)));
    expect(new Set(fingerprints)).toEqual(new Set([referenceFingerprint(TEST_KEYS, AAA)]));
  });

  it('a failed opening takes the module from nobody', async () => {
    await using vault = await openPkcs11Vault(options);
    await expect(openPkcs11Vault({ ...options, token: { label: 'yours' } })).rejects.toThrow(
      withCode('TOKEN_NOT_FOUND'),
    );
    expect(await vault.fingerprint(AAA)).toBe(referenceFingerprint(TEST_KEYS, AAA));
  });

  it('leaves a module alone that somebody else had initialised', async () => {
    const bare = openBareSession(module, 'mine', scratch.userPin);
    const vault = await openPkcs11Vault(options);
    expect(await vault.fingerprint(AAA)).toBe(referenceFingerprint(TEST_KEYS, AAA));
    await vault.close();
    // The module is still initialised, and this session is still logged in.
    expect(bare.module.C_GetSessionInfo(bare.handle).state).toBe(CKS_RW_USER_FUNCTIONS);
    bare.close();
  });
});

describe('chunk sizes and sessions change nothing in the answer', () => {
  const ROWS = 1_000;
  it.each([
    [16, 1],
    [48, 1],
    [65_536, 1],
    [1_024, 4],
    [65_536, 4],
  ])('bulk, %i bytes a call, %i sessions', async (chunkBytes, sessions) => {
    await using reference = await openPkcs11Vault({ ...options, engine: 'bulk' });
    await using vault = await openPkcs11Vault({ ...options, engine: 'bulk', chunkBytes, sessions });
    const residents = () => {
      const batch = syntheticResidents(2, 0, ROWS);
      for (const bad of [0, 2, 3, 4, 999]) batch.fill(0x78, 11 * bad, 11 * bad + 1);
      return batch;
    };
    const audiences = [AAA, STORE];
    const wanted = await reference.derive(residents(), audiences);
    expect(wanted.refusals.map(({ index }) => index)).toEqual([0, 2, 3, 4, 999]);
    expect(await vault.derive(residents(), audiences)).toEqual(wanted);
    const codes = wanted.codes[0] as Uint8Array;
    expect(await vault.translate(codes, AAA, [STORE])).toEqual(
      await reference.translate(codes, AAA, [STORE]),
    );
  });

  it.each([1, 4])('sealed, %i sessions', async (sessions) => {
    await using vault = await openPkcs11Vault({ ...options, sessions });
    await using bulk = await openPkcs11Vault({ ...options, engine: 'bulk' });
    const wanted = await bulk.derive(syntheticResidents(2, 0, ROWS), [AAA]);
    expect(await vault.derive(syntheticResidents(2, 0, ROWS), [AAA])).toEqual(wanted);
    expect(wanted.codes[0]?.slice(0, 24)).toEqual(
      referenceCode(TEST_KEYS, Buffer.from(syntheticResidents(2, 0, 1)).toString('latin1'), AAA),
    );
  });

  it('refusals come in the order of the batch, whichever session is done first', async () => {
    await using vault = await openPkcs11Vault({ ...options, sessions: 2 });
    // The second message is nothing but refusals, so that it is answered long before the first.
    const batch = syntheticResidents(2, 0, 512);
    batch.fill(0, 11 * 256);
    batch.fill(0, 0, 11);
    const { refusals } = await vault.derive(batch, [AAA, STORE]);
    const wanted = [0, ...Array.from({ length: 256 }, (_, k) => 256 + k)];
    expect(refusals.map(({ index }) => index)).toEqual(wanted);
  });
});
