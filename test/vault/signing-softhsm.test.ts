import pkcs11js from 'pkcs11js';
import { type AuditKeyName, institutionAudience, type VaultEvent } from 'renkei';
import { createPkcs11KeyDestroyer, openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBareSession } from '../support/bare-session.js';
import { makeScratchToken } from '../support/softhsm.js';
import { withCode } from '../support/with-code.js';
import { destroyingContract } from './destroying-contract.js';
import { signingContract } from './signing-contract.js';

const scratch = makeScratchToken('signing');
const { module, token, pin } = scratch;
const options = { module, token, pin };
const AUDIT = 'audit/1' as AuditKeyName;

beforeAll(async () => {
  const names = ['link/1', 'store/1', 'audit/1'];
  await provisionKeys({ ...options, keys: names.map((name) => ({ name, level: 1 as const })) });
});
afterAll(() => {
  scratch.remove();
});

for (const engine of ['sealed', 'bulk'] as const) {
  const open = () => openPkcs11Vault({ ...options, engine, sessions: 3 });
  signingContract(`SoftHSM, ${engine} engine`, open);
  destroyingContract({
    name: `SoftHSM, ${engine} engine, three sessions`,
    open: async (names) => {
      await provisionKeys({ ...options, keys: names.map((name) => ({ name, level: 1 as const })) });
      return open();
    },
    destroyer: () => createPkcs11KeyDestroyer(options),
    token: options,
  });
}

describe('on SoftHSM', () => {
  test('a signature is told to the observer, without its content', async () => {
    const events: VaultEvent[] = [];
    await using vault = await openPkcs11Vault({ ...options, observe: (event) => void events.push(event) });
    await vault.sign(AUDIT, new Uint8Array(3));
    await vault.publicKey(AUDIT);
    expect(events).toMatchObject([
      { type: 'call', operation: 'sign', items: 1, refused: 0 },
      { type: 'call', operation: 'publicKey', items: 1, refused: 0 },
    ]);
  });

  test('a public half that was put in the place of the right one is refused', async () => {
    await provisionKeys({
      ...options,
      keys: ['audit/7', 'audit/8'].map((name) => ({ name, level: 1 as const })),
    });
    await using vault = await openPkcs11Vault(options);
    const bare = openBareSession(module, token.label, scratch.userPin);
    const find = (label: string) => {
      const search = [
        { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
        { type: pkcs11js.CKA_LABEL, value: label },
      ];
      bare.module.C_FindObjectsInit(bare.handle, search);
      const [found] = bare.module.C_FindObjects(bare.handle, 2);
      bare.module.C_FindObjectsFinal(bare.handle);
      return found as Buffer;
    };
    const read = (object: Buffer, ...types: readonly number[]) =>
      bare.module.C_GetAttributeValue(
        bare.handle,
        object,
        types.map((type) => ({ type })),
      );
    const right = find('audit/7');
    const [identifier] = read(right, pkcs11js.CKA_ID);
    const point = read(find('audit/8'), pkcs11js.CKA_EC_PARAMS, pkcs11js.CKA_EC_POINT);
    bare.module.C_DestroyObject(bare.handle, right);
    bare.module.C_CreateObject(bare.handle, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
      { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_EC },
      { type: pkcs11js.CKA_TOKEN, value: true },
      { type: pkcs11js.CKA_LABEL, value: 'audit/7' },
      ...[identifier, ...point].map((attribute) => ({
        type: attribute?.type as number,
        value: attribute?.value as Buffer,
      })),
    ]);
    bare.close();
    await expect(vault.sign('audit/7' as AuditKeyName, new Uint8Array(3))).rejects.toThrow(
      withCode('KEY_FINGERPRINT_MISMATCH'),
    );
  });

  test('a key of level 3, which the officer made, is destroyed with the PIN of the user', async () => {
    const doomed = institutionAudience('L3', 1);
    const soPin = () => scratch.soPin;
    await provisionKeys({ ...options, soPin, keys: [{ name: doomed, level: 3 }] });
    const fingerprint = await (async () => {
      await using vault = await openPkcs11Vault(options);
      return vault.fingerprint(doomed);
    })();
    await createPkcs11KeyDestroyer(options).destroy(doomed, fingerprint);
    await using vault = await openPkcs11Vault(options);
    await expect(vault.fingerprint(doomed)).rejects.toThrow(withCode('KEY_NOT_FOUND'));
  });

  test('beside an object with the same label nothing is destroyed, nor is a key said to be gone', async () => {
    const doomed = institutionAudience('COPY', 1);
    await provisionKeys({ ...options, keys: [{ name: doomed, level: 1 }] });
    await using vault = await openPkcs11Vault(options);
    const fingerprint = await vault.fingerprint(doomed);
    const { destroy } = createPkcs11KeyDestroyer(options);
    const bare = openBareSession(module, token.label, scratch.userPin);
    const plant = () =>
      bare.module.C_CreateObject(bare.handle, [
        { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
        { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
        { type: pkcs11js.CKA_TOKEN, value: true },
        { type: pkcs11js.CKA_LABEL, value: doomed },
        { type: pkcs11js.CKA_ID, value: Buffer.from('another') },
        { type: pkcs11js.CKA_VALUE, value: Buffer.alloc(32, 1) },
      ]);
    const still = withCode('KEY_STILL_PRESENT');

    const copy = plant();
    await expect(destroy(doomed, fingerprint)).rejects.toThrow(still);
    expect(await vault.fingerprint(doomed)).toBe(fingerprint);
    bare.module.C_DestroyObject(bare.handle, copy);
    await destroy(doomed, fingerprint);
    await expect(vault.fingerprint(doomed)).rejects.toThrow(withCode('KEY_NOT_FOUND'));
    plant();
    await expect(destroy(doomed, fingerprint)).rejects.toThrow(still);
    bare.close();
  });

  test('refuses to destroy an audit key, and options it does not know', async () => {
    const { destroy } = createPkcs11KeyDestroyer(options);
    await expect(destroy(AUDIT, '')).rejects.toThrow(withCode('KEY_USAGE'));
    expect(() => createPkcs11KeyDestroyer({ ...options, soPin: pin } as never)).toThrow(
      withCode('OPTION_UNKNOWN'),
    );
  });
});
