import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkcs11js from 'pkcs11js';
import { ensureSystemPackages, NSS_MODULE } from './system-packages.js';

/** An NSS softokn token in a temporary folder of its own: a second module, with an AES of its own. */
export interface NssToken {
  readonly module: string;
  readonly libraryParameters: string;
  readonly token: { readonly label: string };
  readonly pin: () => string;
  readonly remove: () => void;
}

const USER_PIN = 'test1234';
/** Slot 0 of softokn computes without a login and stores nothing; slot 1 is the database. */
const DATABASE_SLOT = 1;

/** Makes an NSS database with a PIN. The module is left unloaded, so that a vault initialises it itself. */
export function makeNssToken(): NssToken {
  ensureSystemPackages('libnss3');
  const folder = mkdtempSync(join(tmpdir(), 'renkei-nss-'));
  // softokn derives the key of its database from the PIN anew for every use of a stored key: 10,000 rounds each time,
  // and here one, because the token lives for a minute.
  process.env.NSS_MIN_MP_PBE_ITERATION_COUNT = '1';
  process.env.NSS_MAX_MP_PBE_ITERATION_COUNT = '1';
  const libraryParameters = `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='' flags=forceOpen,noModDB`;
  const module = new pkcs11js.PKCS11();
  module.load(NSS_MODULE);
  // pkcs11js drops the last character of the parameters.
  module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK, libraryParameters: `${libraryParameters} ` });
  try {
    const slot = module.C_GetSlotList(true)[DATABASE_SLOT] as Buffer;
    const session = module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
    module.C_Login(session, pkcs11js.CKU_SO, '');
    module.C_InitPIN(session, USER_PIN);
    module.C_Logout(session);
    module.C_CloseSession(session);
    return {
      module: NSS_MODULE,
      libraryParameters,
      token: { label: module.C_GetTokenInfo(slot).label.trim() },
      pin: () => USER_PIN,
      remove: () => rmSync(folder, { recursive: true, force: true }),
    };
  } finally {
    module.C_Finalize();
    module.close();
  }
}
