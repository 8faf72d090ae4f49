import pkcs11js, { type PKCS11 } from 'pkcs11js';
import type { ScratchToken } from './softhsm.js';

/** A token without the library: what anybody with the PIN may do with the module. */
export interface RawToken {
  readonly module: PKCS11;
  readonly session: Buffer;
  /** Handles of all objects that bear the label. */
  readonly find: (label: string) => Buffer[];
  /** One attribute's bytes. */
  readonly read: (object: Buffer, type: number) => Buffer;
}

/** Opens a token by bare calls for the length of one action. Nothing of the library may be open in this process meanwhile. */
export function rawToken<T>(
  { module: path, userPin, soPin }: ScratchToken,
  label: string,
  role: 'user' | 'security-officer',
  action: (raw: RawToken) => T,
): T {
  const module = new pkcs11js.PKCS11();
  module.load(path);
  module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
  try {
    const slot = module.C_GetSlotList(true).find((id) => module.C_GetTokenInfo(id).label.trim() === label);
    if (slot === undefined) throw new Error(`there is no token ${label}`);
    const session = module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
    if (role === 'user') module.C_Login(session, pkcs11js.CKU_USER, userPin);
    else module.C_Login(session, pkcs11js.CKU_SO, soPin);
    const find = (text: string) => {
      module.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_LABEL, value: text }]);
      const found = module.C_FindObjects(session, 1_000);
      module.C_FindObjectsFinal(session);
      return found;
    };
    const read = (object: Buffer, type: number) =>
      module.C_GetAttributeValue(session, object, [{ type }])[0]?.value as Buffer;
    return action({ module, session, find, read });
  } finally {
    module.C_Finalize();
    module.close();
  }
}
