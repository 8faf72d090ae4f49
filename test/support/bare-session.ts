import pkcs11js, { type PKCS11 } from 'pkcs11js';

/** A session by bare calls, for what the library does not do: reading attributes, planting keys. */
export interface BareSession {
  readonly module: PKCS11;
  readonly slot: Buffer;
  readonly handle: Buffer;
  /** Closes the session and, where this opened the module, the module. */
  readonly close: () => void;
}

/** Opens a read-write session on a token, logged in as the user or as the security officer. */
export function openBareSession(
  path: string,
  label: string,
  pin: string,
  user: number = pkcs11js.CKU_USER,
): BareSession {
  const module = new pkcs11js.PKCS11();
  module.load(path);
  let initialisedHere = true;
  try {
    module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
  } catch {
    initialisedHere = false;
  }
  const slot = module.C_GetSlotList(true).find((id) => module.C_GetTokenInfo(id).label.trim() === label);
  if (slot === undefined) throw new Error(`no token ${label}`);
  const handle = module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
  try {
    module.C_Login(handle, user, pin);
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'CKR_USER_ALREADY_LOGGED_IN') throw error;
  }
  const close = () => {
    module.C_CloseSession(handle);
    if (initialisedHere) module.C_Finalize();
    module.close();
  };
  return { module, slot, handle, close };
}

/** A session AES-256 key of known value that may do everything. */
export function plantSessionKey({ module, handle }: BareSession, value: Uint8Array): Buffer {
  const may = (type: number) => ({ type, value: true });
  return module.C_CreateObject(handle, [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
    { type: pkcs11js.CKA_TOKEN, value: false },
    may(pkcs11js.CKA_ENCRYPT),
    may(pkcs11js.CKA_DECRYPT),
    may(pkcs11js.CKA_WRAP),
    may(pkcs11js.CKA_UNWRAP),
    may(pkcs11js.CKA_DERIVE),
    { type: pkcs11js.CKA_VALUE, value: Buffer.from(value) },
  ]);
}
