import { createHash } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { type KeyName, recordAudience, storeAudience } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBareSession } from '../../support/bare-session.js';
import { referenceCode, referenceFingerprint } from '../../support/reference.js';
import { makeScratchToken } from '../../support/softhsm.js';
import { AAA, BBB, LINKS, RECORD, STORE, TEST_KEYS } from '../../support/test-keys.js';
import { withCode } from '../../support/with-code.js';

const scratch = makeScratchToken('keys');
const { module, token, pin } = scratch;
const options = { module, token, pin };
const resident = () => Uint8Array.from('24727059608', (digit) => digit.charCodeAt(0));

const TWICE = storeAudience(10);
const READABLE = storeAudience(11);
const EXTRACTABLE = storeAudience(12);
const OTHER_ID = storeAudience(13);
const GENERIC = storeAudience(14);
const NO_WRAP = storeAudience(15);
const NO_UNWRAP = storeAudience(16);
const SEALED_STORE = storeAudience(20);
const SEALED_RECORD = recordAudience('sealed');

type Attributes = Readonly<Record<number, number | boolean | string | Buffer>>;

/** Makes a key by bare calls, as somebody else's tool might: the profile of level 1, but for what is given. */
function plant(bare: ReturnType<typeof openBareSession>, name: KeyName, changes: Attributes = {}): void {
  const { CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_WRAP, CKA_UNWRAP } = pkcs11js;
  const { CKA_ENCRYPT, CKA_DECRYPT, CKA_VALUE } = pkcs11js;
  const attributes = new Map<number, number | boolean | string | Buffer>([
    [pkcs11js.CKA_CLASS, pkcs11js.CKO_SECRET_KEY],
    [pkcs11js.CKA_KEY_TYPE, pkcs11js.CKK_AES],
    [pkcs11js.CKA_LABEL, name],
    [pkcs11js.CKA_ID, createHash('sha256').update(name).digest().subarray(0, 16)],
  ]);
  for (const type of [
    CKA_TOKEN,
    CKA_PRIVATE,
    CKA_SENSITIVE,
    CKA_WRAP,
    CKA_UNWRAP,
    CKA_ENCRYPT,
    CKA_DECRYPT,
  ]) {
    attributes.set(type, true);
  }
  attributes.set(CKA_EXTRACTABLE, false);
  attributes.set(CKA_VALUE, Buffer.alloc(32, name));
  for (const [type, value] of Object.entries(changes)) attributes.set(Number(type), value);
  bare.module.C_CreateObject(
    bare.handle,
    [...attributes].map(([type, value]) => ({ type, value })),
  );
}

beforeAll(async () => {
  const level1 = [LINKS[0] as KeyName, STORE, AAA, BBB, RECORD];
  await provisionKeys({
    ...options,
    keys: [
      ...level1.map((name) => ({ name, level: 1 as const, value: TEST_KEYS[name] as Uint8Array })),
      { name: SEALED_STORE, level: 2 },
      { name: SEALED_RECORD, level: 2 },
      { name: 'link/2', level: 2 },
    ],
  });
  const bare = openBareSession(module, token.label, scratch.userPin);
  plant(bare, TWICE);
  plant(bare, TWICE, { [pkcs11js.CKA_VALUE]: Buffer.alloc(32, 1) });
  plant(bare, READABLE, { [pkcs11js.CKA_SENSITIVE]: false });
  plant(bare, EXTRACTABLE, { [pkcs11js.CKA_EXTRACTABLE]: true });
  plant(bare, OTHER_ID, { [pkcs11js.CKA_ID]: Buffer.from('another') });
  plant(bare, GENERIC, { [pkcs11js.CKA_KEY_TYPE]: pkcs11js.CKK_GENERIC_SECRET });
  plant(bare, NO_WRAP, { [pkcs11js.CKA_WRAP]: false });
  plant(bare, NO_UNWRAP, { [pkcs11js.CKA_UNWRAP]: false });
  bare.close();
});
afterAll(() => {
  scratch.remove();
});

describe.each(['sealed', 'bulk'] as const)(
  'the %s engine refuses, by name and before a code is made,',
  (engine) => {
    it.each([
      ['a key that is not there', storeAudience(99), 'KEY_NOT_FOUND'],
      ['a key with the right label and another identifier', OTHER_ID, 'KEY_NOT_FOUND'],
      ['a key with the right label and another type', GENERIC, 'KEY_NOT_FOUND'],
      ['two keys of one name', TWICE, 'KEY_AMBIGUOUS'],
      ['a key that is not sensitive', READABLE, 'KEY_EXPOSED'],
      ['a key that is extractable', EXTRACTABLE, 'KEY_EXPOSED'],
    ] as const)('%s', async (_, name, code) => {
      await using vault = await openPkcs11Vault({ ...options, engine });
      const wanted = withCode(code, { message: new RegExp(name), retryable: false });
      await expect(vault.fingerprint(name)).rejects.toThrow(wanted);
      await expect(vault.derive(resident(), [STORE, name])).rejects.toThrow(wanted);
      await expect(vault.translate(new Uint8Array(24), name, [STORE])).rejects.toThrow(wanted);
      const { codes } = await vault.derive(resident(), [STORE]);
      expect(codes).toEqual([referenceCode(TEST_KEYS, '24727059608', STORE)]);
    });

    it('a key whose fingerprint is not the expected one', async () => {
      const expectedFingerprints = {
        [STORE]: referenceFingerprint(TEST_KEYS, STORE),
        [AAA]: '0123456789abcdef',
      };
      await using vault = await openPkcs11Vault({ ...options, engine, expectedFingerprints });
      const wanted = withCode('KEY_FINGERPRINT_MISMATCH', { message: /institution\/AAA\/1/ });
      await expect(vault.derive(resident(), [STORE, AAA])).rejects.toThrow(wanted);
      await expect(vault.fingerprint(AAA)).rejects.toThrow(wanted);
      await expect(
        vault.translate(referenceCode(TEST_KEYS, '24727059608', AAA), AAA, [STORE]),
      ).rejects.toThrow(wanted);
      expect((await vault.derive(resident(), [STORE])).codes).toEqual([
        referenceCode(TEST_KEYS, '24727059608', STORE),
      ]);
    });

    it('a link key whose fingerprint is not the expected one', async () => {
      await using vault = await openPkcs11Vault({
        ...options,
        engine,
        expectedFingerprints: { 'link/1': '0'.repeat(16) },
      });
      await expect(vault.derive(resident(), [STORE])).rejects.toThrow(withCode('KEY_FINGERPRINT_MISMATCH'));
    });
  },
);

describe('usage', () => {
  it('the sealed engine refuses a key that may not wrap, and one that may not unwrap to come from', async () => {
    await using vault = await openPkcs11Vault(options);
    await expect(vault.derive(resident(), [NO_WRAP])).rejects.toThrow(
      withCode('KEY_USAGE', { message: /store\/15.*wrap/ }),
    );
    const { codes } = await vault.derive(resident(), [NO_UNWRAP]);
    await expect(vault.translate(codes[0] as Uint8Array, NO_UNWRAP, [STORE])).rejects.toThrow(
      withCode('KEY_USAGE', { message: /store\/16.*unwrap/ }),
    );
  });

  it.each([SEALED_STORE, SEALED_RECORD])(
    'the bulk engine refuses the level 2 key %s by name',
    async (name) => {
      await using vault = await openPkcs11Vault({ ...options, engine: 'bulk' });
      const wanted = withCode('ENGINE_REFUSED', {
        message: new RegExp(`key ${name} does not permit the bulk engine`),
      });
      await expect(vault.fingerprint(name)).rejects.toThrow(wanted);
      await expect(vault.derive(resident(), [STORE, name])).rejects.toThrow(wanted);
    },
  );

  it('the bulk engine refuses a level 2 link key by name', async () => {
    await using vault = await openPkcs11Vault({ ...options, engine: 'bulk' });
    await expect(vault.derive(resident(), [STORE], { generation: 2 })).rejects.toThrow(
      withCode('ENGINE_REFUSED', { message: /key link\/2 / }),
    );
  });

  it('the assurance names every key on the token, and is that of the least', async () => {
    await using vault = await openPkcs11Vault(options);
    const { level, name, keys } = await vault.assurance();
    expect({ level, name }).toEqual({ level: 1, name: 'host-visible' });
    expect(keys).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: SEALED_STORE, level: 2 }),
        expect.objectContaining({ name: STORE, level: 1 }),
      ]),
    );
  });
});
