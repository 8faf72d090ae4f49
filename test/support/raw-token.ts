import pkcs11js, { type PKCS11 } from 'pkcs11js';
import { openBareSession } from './bare-session.js';
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

/** Opens a token by bare calls for the length of one action. */
export function rawToken<T>(
  token: ScratchToken,
  label: string,
  role: 'user' | 'security-officer',
  action: (raw: RawToken) => T,
): T {
  const [pin, user] = role === 'user' ? [token.userPin, pkcs11js.CKU_USER] : [token.soPin, pkcs11js.CKU_SO];
  const { module, handle: session, close } = openBareSession(token.module, label, pin, user);
  const find = (text: string) => {
    module.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_LABEL, value: text }]);
    const found = module.C_FindObjects(session, 1_000);
    module.C_FindObjectsFinal(session);
    return found;
  };
  const read = (object: Buffer, type: number) =>
    module.C_GetAttributeValue(session, object, [{ type }])[0]?.value as Buffer;
  try {
    return action({ module, session, find, read });
  } finally {
    close();
  }
}
