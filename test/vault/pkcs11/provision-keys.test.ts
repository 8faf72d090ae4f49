import pkcs11js from 'pkcs11js';
import { type KeyName, linkKey, storeAudience } from 'renkei';
import { type KeyLevel, openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { afterAll, describe, expect, it } from 'vitest';
import { openBareSession } from '../../support/bare-session.js';
import { referenceFingerprint } from '../../support/reference.js';
import { makeScratchToken } from '../../support/softhsm.js';
import { AAA, LINKS, RECORD, STORE, TEST_KEYS } from '../../support/test-keys.js';
import { withCode } from '../../support/with-code.js';

const scratch = makeScratchToken('provision');
const { module, token, pin } = scratch;
const options = { module, token, pin };
const link = LINKS[0] as KeyName;

afterAll(() => {
  scratch.remove();
});

/** Every attribute that says what may be done with a key, read back by bare calls. */
const READ = {
  TOKEN: pkcs11js.CKA_TOKEN,
  PRIVATE: pkcs11js.CKA_PRIVATE,
  SENSITIVE: pkcs11js.CKA_SENSITIVE,
  EXTRACTABLE: pkcs11js.CKA_EXTRACTABLE,
  DERIVE: pkcs11js.CKA_DERIVE,
  WRAP: pkcs11js.CKA_WRAP,
  UNWRAP: pkcs11js.CKA_UNWRAP,
  ENCRYPT: pkcs11js.CKA_ENCRYPT,
  DECRYPT: pkcs11js.CKA_DECRYPT,
  SIGN: pkcs11js.CKA_SIGN,
  VERIFY: pkcs11js.CKA_VERIFY,
  MODIFIABLE: pkcs11js.CKA_MODIFIABLE,
  COPYABLE: pkcs11js.CKA_COPYABLE,
} as const;

const KW = pkcs11js.CKM_AES_KEY_WRAP;
const ECB = pkcs11js.CKM_AES_ECB;
const CBC_DATA = pkcs11js.CKM_AES_CBC_ENCRYPT_DATA;

/** The profile of each kind at each level: what is true of it. Everything else that is read must be false. */
const PROFILES: readonly [KeyLevel, KeyName, string, readonly number[]][] = [
  [2, link, 'DERIVE', [CBC_DATA]],
  [2, STORE, 'WRAP UNWRAP', [KW]],
  [2, AAA, 'WRAP UNWRAP', [KW]],
  [2, RECORD, 'WRAP', [KW]],
  [1, linkKey(2), 'DERIVE ENCRYPT MODIFIABLE COPYABLE', [CBC_DATA, ECB]],
  [1, storeAudience(2), 'WRAP UNWRAP ENCRYPT DECRYPT MODIFIABLE COPYABLE', [KW, ECB]],
  [1, 'institution/CCC/1' as KeyName, 'WRAP UNWRAP ENCRYPT DECRYPT MODIFIABLE COPYABLE', [KW, ECB]],
  [1, 'record/2030' as KeyName, 'WRAP ENCRYPT MODIFIABLE COPYABLE', [KW, ECB]],
];

function readBack(name: KeyName) {
  const bare = openBareSession(module, token.label, scratch.userPin);
  try {
    const { module: m, handle } = bare;
    m.C_FindObjectsInit(handle, [{ type: pkcs11js.CKA_LABEL, value: name }]);
    const found = m.C_FindObjects(handle, 10);
    m.C_FindObjectsFinal(handle);
    expect(found).toHaveLength(1);
    const key = found[0] as Buffer;
    const read = (type: number) => m.C_GetAttributeValue(handle, key, [{ type }])[0]?.value as Buffer;
    const mechanisms = read(pkcs11js.CKA_ALLOWED_MECHANISMS);
    return {
      keyType: read(pkcs11js.CKA_KEY_TYPE).readUInt32LE(),
      length: read(pkcs11js.CKA_VALUE_LEN).readUInt32LE(),
      idLength: read(pkcs11js.CKA_ID).length,
      true: Object.entries(READ)
        .filter(([, type]) => read(type)[0] === 1)
        .map(([attribute]) => attribute)
        .sort(),
      mechanisms: [...new BigUint64Array(Uint8Array.from(mechanisms).buffer)]
        .map(Number)
        .sort((a, b) => a - b),
    };
  } finally {
    bare.close();
  }
}

describe('every attribute of a key is the one of its profile', () => {
  it.each(PROFILES)('level %i, %s: %s', async (level, name, allowed, mechanisms) => {
    const wanted = {
      keyType: pkcs11js.CKK_AES,
      length: 32,
      idLength: 16,
      true: ['TOKEN', 'PRIVATE', 'SENSITIVE', ...allowed.split(' ')].sort(),
      mechanisms: [...mechanisms].sort((a, b) => a - b),
    };
    expect(await provisionKeys({ ...options, keys: [{ name, level }] })).toEqual([
      { name, level, omitted: [] },
    ]);
    expect(readBack(name)).toEqual(wanted);
  });

  it('the same for a key of known value, whose fingerprint then is that of the value', async () => {
    const name = 'institution/IMPORTED/1' as KeyName;
    const value = (TEST_KEYS[AAA] as Uint8Array).slice();
    await provisionKeys({ ...options, keys: [{ name, level: 2, value }] });
    expect(readBack(name)).toMatchObject({ true: ['PRIVATE', 'SENSITIVE', 'TOKEN', 'UNWRAP', 'WRAP'] });
    expect(value).toEqual(TEST_KEYS[AAA]);
    await using vault = await openPkcs11Vault(options);
    expect(await vault.fingerprint(name)).toBe(referenceFingerprint({ [name]: value }, name));
  });
});

describe('a key is never overwritten', () => {
  it('a name that is there already is KEY_EXISTS, and the key stays what it was', async () => {
    const before = await fingerprintOf(STORE);
    for (const value of [undefined, new Uint8Array(32).fill(9)]) {
      const key = { name: STORE, level: 2 as const, ...(value === undefined ? {} : { value }) };
      await expect(provisionKeys({ ...options, keys: [key] })).rejects.toThrow(
        withCode('KEY_EXISTS', { message: /store\/1/ }),
      );
    }
    expect(await fingerprintOf(STORE)).toBe(before);
  });

  it('none of the list is made', async () => {
    const keys = ['record/2040', STORE, 'record/2041'].map((name) => ({ name, level: 2 as const }));
    await expect(provisionKeys({ ...options, keys })).rejects.toThrow(withCode('KEY_EXISTS'));
    for (const name of ['record/2040', 'record/2041'] as KeyName[]) {
      await expect(fingerprintOf(name)).rejects.toThrow(withCode('KEY_NOT_FOUND'));
    }
  });

  async function fingerprintOf(name: KeyName): Promise<string> {
    await using vault = await openPkcs11Vault(options);
    return await vault.fingerprint(name);
  }
});

describe('a malformed call makes nothing', () => {
  const key = { name: 'record/2050', level: 2 };
  it.each<[string, string, object]>([
    ['an unknown option', 'OPTION_UNKNOWN', { keys: [key], overwrite: true }],
    ['an unknown option of a key', 'OPTION_UNKNOWN', { keys: [key, { ...key, lable: 'x' }] }],
    ['an unknown option of the token', 'OPTION_UNKNOWN', { keys: [key], token: { ...token, slot: 0 } }],
    ['keys that are no array', 'OPTION_INVALID', { keys: key }],
    ['no level', 'OPTION_INVALID', { keys: [{ name: 'record/2050' }] }],
    [
      'level 3 without the PIN of the security officer',
      'OPTION_INVALID',
      { keys: [key, { name: 'record/2051', level: 3 }] },
    ],
    ['a value as a text', 'OPTION_INVALID', { keys: [{ ...key, value: 'k'.repeat(32) }] }],
    ['a key of 16 bytes', 'KEY_LENGTH', { keys: [key, { ...key, value: new Uint8Array(16) }] }],
    ['a name that is not canonical', 'KEY_NAME_INVALID', { keys: [key, { name: 'store/01', level: 2 }] }],
  ])('%s: %s', async (_, code, given) => {
    await expect(provisionKeys({ ...options, ...given } as never)).rejects.toMatchObject({ code });
    await using vault = await openPkcs11Vault(options);
    await expect(vault.fingerprint('record/2050' as KeyName)).rejects.toThrow(withCode('KEY_NOT_FOUND'));
  });
});
