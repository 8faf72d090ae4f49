import type { RenkeiErrorCode } from '../../../errors/codes.js';
import { RenkeiError } from '../../../errors/renkei-error.js';

/** A module's own answer: its return value by name and number. */
export interface Ckr {
  readonly name: string;
  readonly code: number;
}

/** Return values this library acts on (PKCS#11 2.40 section 5.1.6). */
export const CKR = {
  GENERAL_ERROR: 0x05,
  ATTRIBUTE_READ_ONLY: 0x10,
  ATTRIBUTE_TYPE_INVALID: 0x12,
  DATA_LEN_RANGE: 0x21,
  PIN_INCORRECT: 0xa0,
  PIN_INVALID: 0xa1,
  PIN_LEN_RANGE: 0xa2,
  PIN_EXPIRED: 0xa3,
  PIN_LOCKED: 0xa4,
  USER_ALREADY_LOGGED_IN: 0x100,
  USER_PIN_NOT_INITIALIZED: 0x102,
  CRYPTOKI_ALREADY_INITIALIZED: 0x191,
} as const;

/** Answers that speak of a session, a login, a token or the module: never of one item. */
const FAULTS: ReadonlySet<number> = new Set([
  0x01, // CANCEL
  0x02, // HOST_MEMORY
  0x03, // SLOT_ID_INVALID
  0x30, // DEVICE_ERROR
  0x31, // DEVICE_MEMORY
  0x32, // DEVICE_REMOVED
  0x60, // KEY_HANDLE_INVALID
  0x82, // OBJECT_HANDLE_INVALID
  0x90, // OPERATION_ACTIVE
  0x91, // OPERATION_NOT_INITIALIZED
  0xb0, // SESSION_CLOSED
  0xb1, // SESSION_COUNT
  0xb3, // SESSION_HANDLE_INVALID
  0xe0, // TOKEN_NOT_PRESENT
  0xe1, // TOKEN_NOT_RECOGNIZED
  0x101, // USER_NOT_LOGGED_IN
  0x190, // CRYPTOKI_NOT_INITIALIZED
]);

/** Answers that are about the device in most modules, but about the item in some. */
const EITHER: ReadonlySet<number> = new Set([
  0x05, // GENERAL_ERROR: what SoftHSM says of a forged code
  0x06, // FUNCTION_FAILED
]);

/** Reads a module's answer out of what pkcs11js threw; `undefined` when it was none. */
export function ckrOf(error: unknown): Ckr | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === 'number' && code !== 0) return { name: nameOf(error.message, code), code };
  // C_CreateObject, C_CopyObject and C_SetAttributeValue throw a bare Error "CKR_NAME:number".
  const match = /^(CKR_\w+):(\d+)/.exec(error.message);
  return match === null
    ? undefined
    : { name: nameOf(match[1] as string, Number(match[2])), code: Number(match[2]) };
}

/** pkcs11js knows the names of PKCS#11 2.40 only. */
function nameOf(message: string, code: number): string {
  const name = /^CKR_\w+/.exec(message)?.[0];
  return name === undefined || name === 'CKR_VENDOR_DEFINED' ? `CKR 0x${code.toString(16)}` : name;
}

/** True when an answer may be about the one item at hand. */
export function mayConcernItem(ckr: Ckr): boolean {
  return !FAULTS.has(ckr.code);
}

/** The error of this library for a failed call of a module: names the function and the answer, nothing else. */
export function moduleError(call: string, error: unknown): RenkeiError {
  if (error instanceof RenkeiError) return error;
  const ckr = ckrOf(error);
  if (ckr === undefined) return new RenkeiError('MODULE_REFUSED', `${call} could not be called`);
  const faulty = FAULTS.has(ckr.code) || EITHER.has(ckr.code);
  return new RenkeiError(
    pinCode(ckr) ?? (faulty ? 'MODULE_FAULT' : 'MODULE_REFUSED'),
    `${call}: ${ckr.name}`,
  );
}

function pinCode({ code }: Ckr): RenkeiErrorCode | undefined {
  switch (code) {
    case CKR.PIN_INCORRECT:
    case CKR.PIN_INVALID:
    case CKR.PIN_LEN_RANGE:
    case CKR.PIN_EXPIRED:
    case CKR.USER_PIN_NOT_INITIALIZED:
      return 'PIN_REFUSED';
    case CKR.PIN_LOCKED:
      return 'PIN_LOCKED';
    default:
      return undefined;
  }
}

/** Makes one call of the module; its failure becomes an error of this library. */
export function calling<T>(call: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw moduleError(call, error);
  }
}
