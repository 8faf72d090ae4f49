import pkcs11js, { type PKCS11, type Template } from 'pkcs11js';
import { parseKeyName } from '../src/codes/key-names.js';
import { fiscalYear } from '../src/codes/record-period.js';
import { keySearch } from '../src/vault/pkcs11/worker/key-ring.js';
import type { Session } from '../src/vault/pkcs11/worker/session.js';
import { makeNssToken } from '../test/support/nss.js';
import { makeScratchToken } from '../test/support/softhsm.js';
import type { BenchOptions, HardwareToken } from './options.js';

/** Institutions whose codes no real one has. */
export const INSTITUTIONS = [
  'RENKEIBENCH1',
  'RENKEIBENCH2',
  'RENKEIBENCH3',
  'RENKEIBENCH4',
  'RENKEIBENCH5',
] as const;
/** The keys of the first two. */
export const FROM = `institution/${INSTITUTIONS[0]}/1`;
export const TO = `institution/${INSTITUTIONS[1]}/1`;

/** The record period of now, and its key. */
export const PERIOD = fiscalYear(new Date());
export const RECORD = `record/${PERIOD}`;

/** The key names the measurements use. */
const NAMES = ['link/1', 'store/1', RECORD, ...INSTITUTIONS.map((code) => `institution/${code}/1`)];

/** A token with the bench's keys, and a session of the bench's own on it, opened by bare calls of the module. */
export interface BenchToken {
  readonly session: Session;
  /** Handle of a key by its name. */
  readonly key: (name: string) => Buffer;
  /** What `openPkcs11Vault` wants. */
  readonly access: {
    readonly module: string;
    readonly token: { readonly label: string };
    readonly pin: () => string;
    readonly libraryParameters?: string;
  };
  readonly description: string;
  readonly close: () => void;
}

/**
 * Opens the token. On the scratch token of this run the keys are token objects, as in production. On any other
 * token they are *session objects*, gone with the session whatever happens: nothing is written to the token, and no
 * key that is there is used. A token on which one of the names is taken is refused before anything is made.
 */
export function openBenchToken(options: BenchOptions): BenchToken {
  if (options.hardware !== undefined) return openToken(hardwareAccess(options.hardware), false);
  const { module, token, pin, remove } = makeScratchToken('renkei-bench');
  return openToken({ module, token, pin }, true, remove);
}

/**
 * A scratch token of NSS softokn, with session objects: softokn reads a stored key from its database at every use, and
 * the sealed engine would measure that.
 */
export function openNssToken(): BenchToken {
  const { remove, ...access } = makeNssToken();
  return openToken(access, false, remove);
}

function openToken(
  access: BenchToken['access'],
  tokenKeys: boolean,
  remove: () => void = () => undefined,
): BenchToken {
  const module = new pkcs11js.PKCS11();
  module.load(access.module);
  const { libraryParameters } = access;
  // pkcs11js drops the last character of the parameters.
  const parameters = libraryParameters === undefined ? {} : { libraryParameters: `${libraryParameters} ` };
  module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK, ...parameters });
  const close = () => {
    module.C_Finalize();
    module.close();
    remove();
  };
  try {
    const slot = findSlot(module, access.token.label);
    const handle = module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
    logIn(module, handle, access.pin());
    const session = { module, slot, handle };
    for (const name of NAMES) refuseTaken(session, name);
    const keys = new Map<string, Buffer>(
      NAMES.map((name) => [name as string, makeKey(session, name, tokenKeys)] as const),
    );
    const { manufacturerID, model } = module.C_GetTokenInfo(slot);
    return {
      session,
      key: (name) => keys.get(name) as Buffer,
      access,
      description: `${manufacturerID.trim()} ${model.trim()}, ${tokenKeys ? 'token' : 'session'} keys`,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function hardwareAccess({ module, label, pinEnv }: HardwareToken): BenchToken['access'] {
  return { module, token: { label }, pin: () => process.env[pinEnv] ?? '' };
}

function findSlot(module: PKCS11, label: string): Buffer {
  const slots = module
    .C_GetSlotList(true)
    .filter((slot) => module.C_GetTokenInfo(slot).label.trim() === label);
  const [slot] = slots;
  if (slot === undefined || slots.length > 1) throw new Error(`${slots.length} tokens bear the label`);
  return slot;
}

function logIn(module: PKCS11, session: Buffer, pin: string): void {
  try {
    module.C_Login(session, pkcs11js.CKU_USER, pin);
  } catch (error) {
    // The module's own answer names no PIN; what the driver says besides is left out.
    throw new Error(
      `the token refused the login: ${/CKR_\w+/.exec((error as Error).message)?.[0] ?? 'no answer'}`,
    );
  }
}

function refuseTaken({ module, handle }: Session, name: string): void {
  module.C_FindObjectsInit(handle, [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: pkcs11js.CKA_LABEL, value: name },
  ]);
  const found = module.C_FindObjects(handle, 1);
  module.C_FindObjectsFinal(handle);
  if (found.length > 0)
    throw new Error(`the token holds a key ${name}: the bench wants a token without renkei keys`);
}

function makeKey({ module, handle }: Session, text: string, token: boolean): Buffer {
  const { name, kind } = parseKeyName(text);
  const link = kind === 'link';
  const template: Template = [
    ...keySearch(name),
    { type: pkcs11js.CKA_TOKEN, value: token },
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: false },
    { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
    { type: pkcs11js.CKA_ENCRYPT, value: true },
    { type: pkcs11js.CKA_DECRYPT, value: !link },
    { type: pkcs11js.CKA_WRAP, value: !link },
    { type: pkcs11js.CKA_UNWRAP, value: !link },
    { type: pkcs11js.CKA_DERIVE, value: link },
  ];
  return module.C_GenerateKey(handle, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, template);
}
