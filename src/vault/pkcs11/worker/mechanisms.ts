import pkcs11js from 'pkcs11js';

/** A mechanism by number and standard name. */
export interface Mechanism {
  readonly type: number;
  readonly name: string;
}

const KEY_WRAP: Mechanism = { type: pkcs11js.CKM_AES_KEY_WRAP, name: 'CKM_AES_KEY_WRAP' };
const ENCRYPT_DATA: Mechanism = {
  type: pkcs11js.CKM_AES_CBC_ENCRYPT_DATA,
  name: 'CKM_AES_CBC_ENCRYPT_DATA',
};
const ECB: Mechanism = { type: pkcs11js.CKM_AES_ECB, name: 'CKM_AES_ECB' };

/** What the sealed engine needs of a token. */
export const SEALED_MECHANISMS: readonly Mechanism[] = [ENCRYPT_DATA, KEY_WRAP];
/** What the bulk engine needs of a token. */
export const BULK_MECHANISMS: readonly Mechanism[] = [ECB];
