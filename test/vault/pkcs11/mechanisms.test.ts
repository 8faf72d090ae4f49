import { openPkcs11Vault } from 'renkei/pkcs11';
import { afterAll, expect, it } from 'vitest';
import { makeScratchToken } from '../../support/softhsm.js';
import { withCode } from '../../support/with-code.js';

const { module, token, pin, remove } = makeScratchToken('poor', 'CKM_AES_KEY_GEN,CKM_AES_CBC');
afterAll(() => {
  remove();
});

it.each([
  ['sealed', 'the token lacks CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_KEY_WRAP'],
  ['bulk', 'the token lacks CKM_AES_ECB'],
] as const)(
  'the %s engine names all mechanisms that are missing, before the PIN is asked for',
  async (engine, message) => {
    let asked = 0;
    const ask = () => {
      asked++;
      return pin();
    };
    await expect(openPkcs11Vault({ module, token, pin: ask, engine })).rejects.toThrow(
      withCode('MECHANISM_MISSING', { message: new RegExp(`^${message}$`) }),
    );
    expect(asked).toBe(0);
  },
);
