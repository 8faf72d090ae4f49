import pkcs11js, { type AesCBC, type PKCS11, type Template } from 'pkcs11js';
import { calling } from './faults.js';

/** A mechanism by number and standard name. */
export interface Mechanism {
  readonly type: number;
  readonly name: string;
  /** Tries it out on a throw-away key, for modules that do not list all that they do. */
  readonly works?: (module: PKCS11, session: Buffer) => boolean;
}

const KEY_WRAP: Mechanism = { type: pkcs11js.CKM_AES_KEY_WRAP, name: 'CKM_AES_KEY_WRAP' };
const ENCRYPT_DATA: Mechanism = {
  type: pkcs11js.CKM_AES_CBC_ENCRYPT_DATA,
  name: 'CKM_AES_CBC_ENCRYPT_DATA',
  // NSS softokn lists it for the slot without a database only.
  works: encryptDataWorks,
};
const ECB: Mechanism = { type: pkcs11js.CKM_AES_ECB, name: 'CKM_AES_ECB' };

/** What the sealed engine needs of a token. */
export const SEALED_MECHANISMS: readonly Mechanism[] = [ENCRYPT_DATA, KEY_WRAP];
/** What the bulk engine needs of a token. */
export const BULK_MECHANISMS: readonly Mechanism[] = [ECB];

/** A public session object, so that it can be made before the login. */
function throwAwayKey(length: number): Template {
  return [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
    { type: pkcs11js.CKA_TOKEN, value: false },
    { type: pkcs11js.CKA_PRIVATE, value: false },
    { type: pkcs11js.CKA_DERIVE, value: true },
    { type: pkcs11js.CKA_VALUE_LEN, value: length },
  ];
}

function encryptDataWorks(module: PKCS11, session: Buffer): boolean {
  const block = Buffer.alloc(16);
  const parameter = { type: pkcs11js.CK_PARAMS_AES_CBC, iv: block, data: block } as AesCBC;
  const mechanism = { mechanism: pkcs11js.CKM_AES_CBC_ENCRYPT_DATA, parameter };
  const keys: Buffer[] = [];
  try {
    const key = module.C_GenerateKey(session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, throwAwayKey(32));
    keys.push(key);
    keys.push(module.C_DeriveKey(session, mechanism, key, throwAwayKey(16)));
    return true;
  } catch {
    return false;
  } finally {
    for (const key of keys) calling('C_DestroyObject', () => module.C_DestroyObject(session, key));
  }
}
