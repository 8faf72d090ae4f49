import { createHash } from 'node:crypto';
import pkcs11js, { type Mechanism, type PKCS11, type Template } from 'pkcs11js';

/** What pkcs11js has no names for. */
export const CKA_CHECK_VALUE = 0x90;
export const CKA_COPYABLE = 0x171;
export const CKA_WRAP_WITH_TRUSTED = 0x210;
export const CKA_UNWRAP_TEMPLATE = 0x40000212;

const KEY_WRAP: Mechanism = { mechanism: pkcs11js.CKM_AES_KEY_WRAP };
const ECB: Mechanism = { mechanism: pkcs11js.CKM_AES_ECB };
const CMAC: Mechanism = { mechanism: pkcs11js.CKM_AES_CMAC };

/** A wish for attributes, by number. */
export type Wishes = Readonly<Record<number, boolean | number | Buffer>>;

/**
 * Somebody on the same host with bare calls of the module, with the user PIN or without: nothing of the library is
 * used. To be made after the library has initialised the module, or before; whoever comes first initialises it.
 */
export class Intruder {
  readonly module: PKCS11;
  readonly slot: Buffer;
  readonly session: Buffer;

  constructor(
    { module, libraryParameters }: { readonly module: string; readonly libraryParameters?: string },
    label: string,
    pin?: string,
  ) {
    this.module = new pkcs11js.PKCS11();
    this.module.load(module);
    // pkcs11js drops the last character of the parameters.
    const parameters = libraryParameters === undefined ? {} : { libraryParameters: `${libraryParameters} ` };
    answerTo(() => this.module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK, ...parameters }));
    const slots = this.module.C_GetSlotList(true);
    const slot = slots.find((id) => this.module.C_GetTokenInfo(id).label.trim() === label);
    if (slot === undefined) throw new Error(`there is no token ${label}`);
    this.slot = slot;
    this.session = this.newSession();
    if (pin !== undefined) answerTo(() => this.module.C_Login(this.session, pkcs11js.CKU_USER, pin));
  }

  newSession(): Buffer {
    return this.module.C_OpenSession(this.slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
  }

  /** Handles of the AES keys of that name. */
  find(name: string): Buffer[] {
    this.module.C_FindObjectsInit(this.session, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
      { type: pkcs11js.CKA_LABEL, value: name },
    ]);
    const found = this.module.C_FindObjects(this.session, 10);
    this.module.C_FindObjectsFinal(this.session);
    return found;
  }

  key(name: string): Buffer {
    const [handle] = this.find(name);
    if (handle === undefined) throw new Error(`there is no key ${name}`);
    return handle;
  }

  /** Plants an AES key of known value under a name, as the library would look for it. */
  plant(name: string, value: Uint8Array, wishes: Wishes): Buffer {
    const id = createHash('sha256').update(name).digest().subarray(0, 16);
    const named = { [pkcs11js.CKA_LABEL]: Buffer.from(name), [pkcs11js.CKA_ID]: id };
    const template = { ...AES, ...named, [pkcs11js.CKA_VALUE]: Buffer.from(value), ...wishes };
    return this.module.C_CreateObject(this.session, templateOf(template));
  }

  generate(wishes: Wishes): Buffer {
    return this.module.C_GenerateKey(this.session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
      { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
      { type: pkcs11js.CKA_TOKEN, value: false },
      ...templateOf(wishes),
    ]);
  }

  unwrap(by: Buffer, code: Uint8Array, wishes: Wishes, mechanism: Mechanism = KEY_WRAP): Buffer {
    const template = templateOf({ ...AES, ...wishes });
    return this.module.C_UnwrapKey(this.session, mechanism, by, Buffer.from(code), template);
  }

  wrap(by: Buffer, object: Buffer, mechanism: Mechanism = KEY_WRAP): Buffer {
    return Buffer.from(this.module.C_WrapKey(this.session, mechanism, by, object, Buffer.alloc(512)));
  }

  derive(from: Buffer, data: Uint8Array, wishes: Wishes): Buffer {
    const iv = Buffer.alloc(16);
    const parameter: pkcs11js.AesCBC = {
      type: pkcs11js.CK_PARAMS_AES_CBC,
      iv,
      data: Buffer.from(data),
    };
    const mechanism = { mechanism: pkcs11js.CKM_AES_CBC_ENCRYPT_DATA, parameter };
    const template = templateOf({ ...AES, [pkcs11js.CKA_VALUE_LEN]: 16, ...wishes });
    return this.module.C_DeriveKey(this.session, mechanism, from, template);
  }

  read(object: Buffer): Buffer {
    const [attribute] = this.module.C_GetAttributeValue(this.session, object, [{ type: pkcs11js.CKA_VALUE }]);
    return attribute?.value as Buffer;
  }

  set(object: Buffer, wishes: Wishes): void {
    this.module.C_SetAttributeValue(this.session, object, templateOf(wishes));
  }

  copy(object: Buffer, wishes: Wishes): Buffer {
    return this.module.C_CopyObject(this.session, object, templateOf(wishes));
  }

  /** One block through a cipher, in a session of its own: what is begun ends with it. */
  cipher(direction: 'encrypt' | 'decrypt', key: Buffer, block: Uint8Array): Buffer {
    return this.#apart((session) => {
      const input = Buffer.from(block);
      if (direction === 'encrypt') {
        this.module.C_EncryptInit(session, ECB, key);
        return Buffer.from(this.module.C_Encrypt(session, input, Buffer.alloc(32)));
      }
      this.module.C_DecryptInit(session, ECB, key);
      return Buffer.from(this.module.C_Decrypt(session, input, Buffer.alloc(32)));
    });
  }

  sign(key: Buffer, data: Uint8Array, mechanism: Mechanism = CMAC): Buffer {
    return this.#apart((session) => {
      this.module.C_SignInit(session, mechanism, key);
      return Buffer.from(this.module.C_Sign(session, Buffer.from(data), Buffer.alloc(32)));
    });
  }

  digest(object: Buffer): Buffer {
    return this.#apart((session) => {
      this.module.C_DigestInit(session, { mechanism: pkcs11js.CKM_SHA256 });
      this.module.C_DigestKey(session, object);
      return Buffer.from(this.module.C_DigestFinal(session, Buffer.alloc(64)));
    });
  }

  #apart<T>(action: (session: Buffer) => T): T {
    const session = this.newSession();
    try {
      return action(session);
    } finally {
      this.module.C_CloseSession(session);
    }
  }
}

const AES: Wishes = {
  [pkcs11js.CKA_CLASS]: pkcs11js.CKO_SECRET_KEY,
  [pkcs11js.CKA_KEY_TYPE]: pkcs11js.CKK_AES,
};

/** MODIFIABLE goes last: SoftHSM sets nothing more on an object that is not. */
function templateOf(wishes: Wishes): Template {
  const entries = Object.entries(wishes).map(([type, value]) => ({ type: Number(type), value }));
  const last = (type: number) => (type === pkcs11js.CKA_MODIFIABLE ? 1 : 0);
  return entries.sort((a, b) => last(a.type) - last(b.type));
}

/** The module's own answer to a call, by its standard name. */
export function answerTo(call: () => unknown): string {
  try {
    call();
    return 'CKR_OK';
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const name = /^CKR_\w+/.exec(error.message)?.[0];
    if (name === undefined) throw error;
    const code = (error as { code?: number }).code ?? Number(/:(\d+)/.exec(error.message)?.[1]);
    return code === 0x1b ? 'CKR_ACTION_PROHIBITED' : name;
  }
}
