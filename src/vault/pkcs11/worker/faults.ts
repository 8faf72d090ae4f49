import type { RenkeiErrorCode } from '../../../errors/codes.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { FaultError, type ModuleFault } from '../fault.js';

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
  ACTION_PROHIBITED: 0x1b,
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

/** Answers that are never about one item, by what they are about (PKCS#11 2.40 section 5.1). */
const FAULTS: ReadonlyMap<number, ModuleFault> = new Map([
  [0x01, 'session'], // CANCEL
  [0x90, 'session'], // OPERATION_ACTIVE
  [0x91, 'session'], // OPERATION_NOT_INITIALIZED
  [0xb0, 'session'], // SESSION_CLOSED
  [0xb1, 'session'], // SESSION_COUNT
  [0xb3, 'session'], // SESSION_HANDLE_INVALID
  [0x150, 'session'], // BUFFER_TOO_SMALL: the operation stays open
  [0x60, 'login'], // KEY_HANDLE_INVALID
  [0x82, 'login'], // OBJECT_HANDLE_INVALID
  [0xf0, 'login'], // UNWRAPPING_KEY_HANDLE_INVALID
  [0x101, 'login'], // USER_NOT_LOGGED_IN
  [0x113, 'login'], // WRAPPING_KEY_HANDLE_INVALID
  [0x02, 'device'], // HOST_MEMORY
  [0x03, 'device'], // SLOT_ID_INVALID
  [0x30, 'device'], // DEVICE_ERROR
  [0x31, 'device'], // DEVICE_MEMORY
  [0x32, 'device'], // DEVICE_REMOVED
  [0xe0, 'device'], // TOKEN_NOT_PRESENT
  [0xe1, 'device'], // TOKEN_NOT_RECOGNIZED
  [0x190, 'device'], // CRYPTOKI_NOT_INITIALIZED
]);

/** Answers that are about the device in most modules, but about the item in some. */
const EITHER: ReadonlySet<number> = new Set([
  CKR.GENERAL_ERROR, // what SoftHSM says of a forged code
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
  if (name !== undefined && name !== 'CKR_VENDOR_DEFINED') return name;
  return code === CKR.ACTION_PROHIBITED ? 'CKR_ACTION_PROHIBITED' : `CKR 0x${code.toString(16)}`;
}

/** True when an answer may be about the one item at hand. */
export function mayConcernItem(ckr: Ckr): boolean {
  return !FAULTS.has(ckr.code);
}

/** True when an answer may be about the device, whatever was asked of it. */
export function mayConcernDevice(ckr: Ckr): boolean {
  return FAULTS.has(ckr.code) || EITHER.has(ckr.code);
}

/** The error of this library for a failed call of a module: names the function and the answer, nothing else. */
export function moduleError(call: string, error: unknown): RenkeiError {
  if (error instanceof RenkeiError) return error;
  const ckr = ckrOf(error);
  if (ckr === undefined) return new RenkeiError('MODULE_REFUSED', `${call} could not be called`);
  const message = `${call}: ${ckr.name}`;
  const pin = pinCode(ckr);
  if (pin !== undefined) return new RenkeiError(pin, message);
  const fault = FAULTS.get(ckr.code) ?? (EITHER.has(ckr.code) ? 'device' : undefined);
  return fault === undefined ? new RenkeiError('MODULE_REFUSED', message) : new FaultError(fault, message);
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
