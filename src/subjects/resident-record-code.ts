import { allocateOffHeap } from '../bytes/allocate.js';
import { Redacted } from '../bytes/redacted.js';
import { wipe } from '../bytes/wipe.js';
import type { RenkeiErrorCode } from '../errors/codes.js';
import { RenkeiError } from '../errors/renkei-error.js';

/** Digits of a resident record code: ten of the body and the check digit. */
export const RESIDENT_RECORD_CODE_LENGTH = 11;

const INDIVIDUAL_NUMBER_LENGTH = 12;
const ZERO = 0x30;
const NO_DIGITS = allocateOffHeap(0);

/** The check digit by Σ d·w, which is 405 at the most. */
const CHECK_DIGIT_BY_SUM = Uint8Array.from({ length: 406 }, (_, sum) => {
  const r = sum % 11;
  return r <= 1 ? 0 : 11 - r;
});

/**
 * The check digit (検査数字) over ten body digits: with the weights 5 4 3 2 7 6 5 4 3 2 from the left and
 * r = Σ d·w mod 11, it is 0 if r ≤ 1, else 11 − r. The notice that lays it down (平成14年総務省告示第436号) was not
 * available to us; the formula is corroborated by public records and code, not confirmed from the notice.
 *
 * @param digits ten or more ASCII digits, from `offset` on
 */
export function checkDigit(digits: Uint8Array, offset = 0): number {
  return CHECK_DIGIT_BY_SUM[weightedSum(digits, offset)] as number;
}

/** Σ d·w. Written out, as below: whole populations pass through here, and a loop takes several times as long. */
function weightedSum(digits: Uint8Array, offset: number): number {
  return (
    5 * (digitAt(digits, offset) + digitAt(digits, offset + 6)) +
    4 * (digitAt(digits, offset + 1) + digitAt(digits, offset + 7)) +
    3 * (digitAt(digits, offset + 2) + digitAt(digits, offset + 8)) +
    2 * (digitAt(digits, offset + 3) + digitAt(digits, offset + 9)) +
    7 * digitAt(digits, offset + 4) +
    6 * digitAt(digits, offset + 5)
  );
}

function digitAt(digits: Uint8Array, offset: number): number {
  return (digits[offset] as number) - ZERO;
}

function isDigit(digits: Uint8Array, offset: number): boolean {
  return digitAt(digits, offset) >>> 0 <= 9;
}

/** Says what is wrong with the 11 bytes at `offset`, or `undefined` for a well-formed resident record code. */
export function residentRecordCodeFault(packed: Uint8Array, offset: number): RenkeiErrorCode | undefined {
  const digitsOnly =
    isDigit(packed, offset) &&
    isDigit(packed, offset + 1) &&
    isDigit(packed, offset + 2) &&
    isDigit(packed, offset + 3) &&
    isDigit(packed, offset + 4) &&
    isDigit(packed, offset + 5) &&
    isDigit(packed, offset + 6) &&
    isDigit(packed, offset + 7) &&
    isDigit(packed, offset + 8) &&
    isDigit(packed, offset + 9) &&
    isDigit(packed, offset + 10);
  if (!digitsOnly) return 'RESIDENT_RECORD_CODE_CHARACTER';
  return checkDigit(packed, offset) === digitAt(packed, offset + 10)
    ? undefined
    : 'RESIDENT_RECORD_CODE_CHECK_DIGIT';
}

const MESSAGES: Partial<Record<RenkeiErrorCode, string>> = {
  RESIDENT_RECORD_CODE_LENGTH: 'a resident record code has 11 digits',
  RESIDENT_RECORD_CODE_CHARACTER: 'a resident record code consists of ASCII digits only',
  RESIDENT_RECORD_CODE_CHECK_DIGIT: 'the check digit of the resident record code is wrong',
  INDIVIDUAL_NUMBER_REFUSED: 'a 12-digit Individual Number was given where a resident record code belongs',
};

/** Writes a text's 11 digits at `offset`; gives the reason, and writes nothing, when they are none. */
export function writeResidentRecordCode(
  text: string,
  packed: Uint8Array,
  offset: number,
): RenkeiErrorCode | undefined {
  if (typeof text !== 'string') return 'RESIDENT_RECORD_CODE_CHARACTER';
  if (text.length !== RESIDENT_RECORD_CODE_LENGTH) {
    return text.length === INDIVIDUAL_NUMBER_LENGTH && /^[0-9]*$/.test(text)
      ? 'INDIVIDUAL_NUMBER_REFUSED'
      : 'RESIDENT_RECORD_CODE_LENGTH';
  }
  for (let k = 0; k < RESIDENT_RECORD_CODE_LENGTH; k++) {
    // A character beyond Latin-1 must not fold onto a digit.
    const unit = text.charCodeAt(k);
    packed[offset + k] = unit > 255 ? 0 : unit;
  }
  const fault = residentRecordCodeFault(packed, offset);
  if (fault !== undefined) packed.fill(0, offset, offset + RESIDENT_RECORD_CODE_LENGTH);
  return fault;
}

/**
 * 住民票コード: the resident record code of one person, eleven ASCII digits whose last is the check digit
 * (住民基本台帳法施行規則1条). A leading zero is legal. Held as bytes that {@link ResidentRecordCode.wipe} clears;
 * redacted in every rendering.
 */
export class ResidentRecordCode extends Redacted {
  #digits = allocateOffHeap(RESIDENT_RECORD_CODE_LENGTH);
  #wiped = false;

  /**
   * @param text eleven ASCII digits. JavaScript strings cannot be wiped: for many people use packed batches.
   * @throws RenkeiError `RESIDENT_RECORD_CODE_LENGTH`, `RESIDENT_RECORD_CODE_CHARACTER`,
   *   `RESIDENT_RECORD_CODE_CHECK_DIGIT` or `INDIVIDUAL_NUMBER_REFUSED`
   */
  constructor(text: string) {
    super();
    const fault = writeResidentRecordCode(text, this.#digits, 0);
    if (fault !== undefined) throw new RenkeiError(fault, MESSAGES[fault] as string);
  }

  /**
   * Hands the eleven digits over, to be wiped by whoever took them, and keeps none: after the linkage code is made
   * the resident record code is deleted at once.
   *
   * @throws RenkeiError `RESIDENT_RECORD_CODE_WIPED` the second time
   */
  take(): Uint8Array {
    if (this.#wiped) {
      throw new RenkeiError(
        'RESIDENT_RECORD_CODE_WIPED',
        'this resident record code was used and wiped before',
      );
    }
    const digits = this.#digits;
    this.#digits = NO_DIGITS;
    this.#wiped = true;
    return digits;
  }

  /** Overwrites the digits. */
  wipe(): void {
    wipe(this.#digits);
    this.#wiped = true;
  }
}
