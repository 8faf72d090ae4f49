import { ERROR_CODES, type RenkeiErrorCode } from './codes.js';

/** What a {@link RenkeiError} may carry besides its code and message. */
export interface RenkeiErrorDetails {
  /** The place of the offending item in the batch, counted from 0. Never its content. */
  readonly index?: number;
}

/**
 * What could be a resident record code or an Individual Number. Institution codes and record periods may legally look
 * like that too, and stand in messages: a secret put in their place by mistake must not come out.
 */
const ELEVEN_OR_TWELVE_DIGITS = /(?<![0-9])[0-9]{11,12}(?![0-9])/g;

/**
 * The one error class of the library. Messages hold lengths, indexes, versions and key names; never a resident
 * record code, a linkage code, a code of a person, a PIN or a key. There is no `cause`: a driver's error may hold
 * what it was given, so its stable name (such as `CKR_DEVICE_ERROR`) is written into the message instead.
 */
export class RenkeiError extends Error {
  /** Always `RenkeiError`. */
  override readonly name = 'RenkeiError';
  /** Stable code; `docs/errors.md` explains each. */
  readonly code: RenkeiErrorCode;
  /** True when the same call may be made again without harm. */
  readonly retryable: boolean;
  /** The place of the offending item in its batch, where there is one. */
  declare readonly index?: number;

  constructor(code: RenkeiErrorCode, message: string, details: RenkeiErrorDetails = {}) {
    super(message.replaceAll(ELEVEN_OR_TWELVE_DIGITS, '[digits]'));
    this.code = code;
    this.retryable = ERROR_CODES[code].retryable;
    if (details.index !== undefined) this.index = details.index;
  }
}

/** One refused item of a batch: the others were served. */
export interface Refusal {
  /** The item's place in the batch, counted from 0. */
  readonly index: number;
  /** Why it was refused. */
  readonly code: RenkeiErrorCode;
}
