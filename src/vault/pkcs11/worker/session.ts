import pkcs11js, { type PKCS11 } from 'pkcs11js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { LoginRole, TokenSelector } from '../options.js';
import type { OpenRequest, StartRequest } from '../protocol.js';
import { CKR, calling, ckrOf, moduleError } from './faults.js';
import { BULK_MECHANISMS, type Mechanism, SEALED_MECHANISMS } from './mechanisms.js';

/** Session states (PKCS#11 2.40 table 2) that pkcs11js has no names for. */
const CKS_RO_USER_FUNCTIONS = 1;
const CKS_RW_USER_FUNCTIONS = 3;

/** The module as this thread has it loaded, and whether this thread was the one that initialised it. */
export function loadModule(request: StartRequest): {
  readonly module: PKCS11;
  readonly initialisedHere: boolean;
} {
  const module = new pkcs11js.PKCS11();
  try {
    module.load(request.module);
  } catch {
    throw new RenkeiError(
      'MODULE_LOAD',
      'the PKCS#11 module could not be loaded: no such library, or not a module',
    );
  }
  return { module, initialisedHere: initialise(module, request.libraryParameters) };
}

/**
 * Takes a module that has lost its device down, where that is allowed, and up again. Nobody else may be inside it.
 * Says whether it was this call that initialised it.
 */
export function reinitialise(
  module: PKCS11,
  libraryParameters: string | undefined,
  finalize: boolean,
): boolean {
  try {
    if (finalize) module.C_Finalize();
  } catch {
    // A module that is down already, or too broken to go down, shows at the next call.
  }
  return initialise(module, libraryParameters);
}

/** Says whether it was this call that initialised the module. */
function initialise(module: PKCS11, libraryParameters: string | undefined): boolean {
  try {
    // Without CKF_OS_LOCKING_OK a module takes the process for single-threaded, and its heap is corrupted.
    const options: { flags: number; libraryParameters?: string } = { flags: pkcs11js.CKF_OS_LOCKING_OK };
    // pkcs11js drops the last character.
    if (libraryParameters !== undefined) options.libraryParameters = `${libraryParameters} `;
    module.C_Initialize(options);
    return true;
  } catch (error) {
    if (ckrOf(error)?.code === CKR.CRYPTOKI_ALREADY_INITIALIZED) return false;
    throw moduleError('C_Initialize', error);
  }
}

/** One session on one token. */
export interface Session {
  readonly module: PKCS11;
  readonly slot: Buffer;
  readonly handle: Buffer;
}

/** Finds the token by label and serial, opens a session on it and checks its mechanisms. */
export function openSession(module: PKCS11, request: OpenRequest): Session {
  const slot = findToken(module, request.token);
  const flags = pkcs11js.CKF_SERIAL_SESSION | (request.writable ? pkcs11js.CKF_RW_SESSION : 0);
  const handle = calling('C_OpenSession', () => module.C_OpenSession(slot, flags));
  const session = { module, slot, handle };
  try {
    if (request.engine === 'sealed') requireMechanisms(session, SEALED_MECHANISMS);
    if (request.engine === 'bulk') requireMechanisms(session, BULK_MECHANISMS);
    return session;
  } catch (error) {
    calling('C_CloseSession', () => module.C_CloseSession(handle));
    throw error;
  }
}

/** Closes a session that may be gone already. */
export function abandonSession({ module, handle }: Session): void {
  try {
    module.C_CloseSession(handle);
  } catch {
    // It went with its token, its module or somebody's C_CloseAllSessions.
  }
}

function findToken(module: PKCS11, { label, serial }: TokenSelector): Buffer {
  const slots = calling('C_GetSlotList', () => module.C_GetSlotList(true));
  const found = slots.filter((slot) => {
    try {
      const info = module.C_GetTokenInfo(slot);
      return info.label.trim() === label && (serial === undefined || info.serialNumber.trim() === serial);
    } catch {
      // A slot whose token is just being taken away is not the one asked for.
      return false;
    }
  });
  if (found.length > 1) {
    throw new RenkeiError(
      'TOKEN_AMBIGUOUS',
      `${found.length} tokens bear the label; give the serial number too`,
    );
  }
  if (found[0] === undefined) {
    throw new RenkeiError(
      'TOKEN_NOT_FOUND',
      `none of ${slots.length} tokens bears the label and serial number`,
    );
  }
  return found[0];
}

function requireMechanisms({ module, slot, handle }: Session, needed: readonly Mechanism[]): void {
  const listed = new Set(calling('C_GetMechanismList', () => module.C_GetMechanismList(slot)));
  const missing = needed.filter(({ type, works }) => !listed.has(type) && works?.(module, handle) !== true);
  if (missing.length === 0) return;
  throw new RenkeiError('MECHANISM_MISSING', `the token lacks ${missing.map(({ name }) => name).join(', ')}`);
}

/** True when the token wants a PIN and nobody in this process has logged in yet. */
export function needsLogin({ module, slot, handle }: Session): boolean {
  const { state } = calling('C_GetSessionInfo', () => module.C_GetSessionInfo(handle));
  const { flags } = calling('C_GetTokenInfo', () => module.C_GetTokenInfo(slot));
  const user = state === CKS_RO_USER_FUNCTIONS || state === CKS_RW_USER_FUNCTIONS;
  return !user && (flags & pkcs11js.CKF_LOGIN_REQUIRED) !== 0;
}

/** What a token says of a PIN's tries, and the user to log in as. */
const ROLES = {
  user: {
    user: pkcs11js.CKU_USER,
    finalTry: pkcs11js.CKF_USER_PIN_FINAL_TRY,
    locked: pkcs11js.CKF_USER_PIN_LOCKED,
  },
  'security-officer': {
    user: pkcs11js.CKU_SO,
    finalTry: pkcs11js.CKF_SO_PIN_FINAL_TRY,
    locked: pkcs11js.CKF_SO_PIN_LOCKED,
  },
} as const;

/** Logs in: one call, whatever the answer, and none when the next mistake would lock the token. */
export function logIn({ module, slot, handle }: Session, role: LoginRole, pin: SharedArrayBuffer): void {
  const { user, finalTry, locked } = ROLES[role];
  const { flags } = calling('C_GetTokenInfo', () => module.C_GetTokenInfo(slot));
  if ((flags & locked) !== 0) throw new RenkeiError('PIN_LOCKED', `the PIN of the ${role} is locked`);
  if ((flags & finalTry) !== 0) {
    throw new RenkeiError('PIN_LOCKED', 'one more wrong PIN would lock the token: log in by hand first');
  }
  // pkcs11js takes the PIN as a string only, which cannot be wiped.
  const text = Buffer.from(pin).toString('utf8');
  try {
    module.C_Login(handle, user, text);
  } catch (error) {
    if (ckrOf(error)?.code === CKR.USER_ALREADY_LOGGED_IN) return;
    throw moduleError('C_Login', error);
  }
}
