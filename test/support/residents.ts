import { checkDigit, RESIDENT_RECORD_CODE_LENGTH } from '../../src/subjects/resident-record-code.js';

const BODIES = 10_000_000_000;
/** Prime to {@link BODIES}. */
const STEP = 3_816_547_291;
const HALF = 100_000;
const HALF_DIGITS = 5;
const ZERO = 0x30;

/**
 * Synthetic resident record codes: valid check digits, no two alike, the same for the same seed. The n-th body is
 * `seed·a + n·b mod 10^10` with b prime to 10^10, which runs through all bodies before it repeats one.
 *
 * @param first number of the first resident
 * @param count number of residents
 * @returns count × 11 ASCII digits
 */
export function syntheticResidents(seed: number, first: number, count: number): Uint8Array {
  const residents = new Uint8Array(count * RESIDENT_RECORD_CODE_LENGTH);
  let body = Number((BigInt(seed) * 7_046_029_253n + BigInt(first) * BigInt(STEP)) % BigInt(BODIES));
  for (let n = 0; n < count; n++) {
    const offset = n * RESIDENT_RECORD_CODE_LENGTH;
    // In two halves, which are small integers: a population takes several times as long with large ones.
    const high = Math.floor(body / HALF) | 0;
    writeHalf(residents, offset, high);
    writeHalf(residents, offset + HALF_DIGITS, (body - high * HALF) | 0);
    residents[offset + 10] = ZERO + checkDigit(residents, offset);
    body += STEP;
    if (body >= BODIES) body -= BODIES;
  }
  return residents;
}

function writeHalf(residents: Uint8Array, offset: number, half: number): void {
  let rest = half;
  for (let k = HALF_DIGITS - 1; k >= 0; k--) {
    const next = (rest / 10) | 0;
    residents[offset + k] = ZERO + rest - next * 10;
    rest = next;
  }
}

/** The same as texts, for tests that read. */
export function syntheticResidentTexts(seed: number, first: number, count: number): string[] {
  const packed = Buffer.from(syntheticResidents(seed, first, count));
  return Array.from({ length: count }, (_, n) => packed.toString('latin1', n * 11, (n + 1) * 11));
}
