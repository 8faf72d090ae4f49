import { checkDigit, RESIDENT_RECORD_CODE_LENGTH } from '../../src/subjects/resident-record-code.js';

const BODIES = 10_000_000_000;
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
  const step = 3_816_547_291n;
  let body = Number((BigInt(seed) * 7_046_029_253n + BigInt(first) * step) % BigInt(BODIES));
  for (let n = 0; n < count; n++) {
    const offset = n * RESIDENT_RECORD_CODE_LENGTH;
    let rest = body;
    for (let k = 9; k >= 0; k--) {
      residents[offset + k] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    residents[offset + 10] = ZERO + checkDigit(residents, offset);
    body = (body + Number(step)) % BODIES;
  }
  return residents;
}

/** The same as texts, for tests that read. */
export function syntheticResidentTexts(seed: number, first: number, count: number): string[] {
  const packed = Buffer.from(syntheticResidents(seed, first, count));
  return Array.from({ length: count }, (_, n) => packed.toString('latin1', n * 11, (n + 1) * 11));
}
