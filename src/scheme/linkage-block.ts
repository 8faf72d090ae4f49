import type { Refusal } from '../errors/renkei-error.js';
import { RESIDENT_RECORD_CODE_LENGTH, residentRecordCodeFault } from '../subjects/resident-record-code.js';

/** Bytes of an AES block, of M(J) and of a linkage code. */
export const BLOCK_LENGTH = 16;

/** "RK1:" and a domain byte: the first five bytes of every block that a link key encrypts. */
const PREFIX_LENGTH = 5;
const RESIDENT_PREFIX = Uint8Array.of(0x52, 0x4b, 0x31, 0x3a, 0x00);
const FINGERPRINT_BLOCK = Uint8Array.from('RK1:\u0001fingerprint', (letter) => letter.charCodeAt(0));

/**
 * Step 1 of the scheme for a packed batch: M(J) = "RK1:" || 0x00 || J for every row, digits checked. The block of a
 * refused row is zero bytes, and the row is named in the answer.
 *
 * @param residents n × 11 ASCII digits
 * @param blocks n × 16 bytes, written
 * @param firstIndex index of the first row in the caller's batch
 */
export function writeLinkageBlocks(residents: Uint8Array, blocks: Uint8Array, firstIndex = 0): Refusal[] {
  const refusals: Refusal[] = [];
  const rows = residents.length / RESIDENT_RECORD_CODE_LENGTH;
  for (let index = 0, from = 0, to = 0; index < rows; index++, from += RESIDENT_RECORD_CODE_LENGTH) {
    const end = to + BLOCK_LENGTH;
    const code = residentRecordCodeFault(residents, from);
    if (code === undefined) {
      for (let k = 0; k < PREFIX_LENGTH; k++) blocks[to++] = RESIDENT_PREFIX[k] as number;
      for (let k = from; to < end; k++) blocks[to++] = residents[k] as number;
    } else {
      blocks.fill(0, to, end);
      to = end;
      refusals.push({ index: firstIndex + index, code });
    }
  }
  return refusals;
}

/**
 * The block a link key's fingerprint is made from: "RK1:" || 0x01 || "fingerprint". Its domain byte keeps it apart
 * from every M(J), so no linkage code is ever fingerprinted.
 */
export function linkFingerprintBlock(): Uint8Array {
  return FINGERPRINT_BLOCK.slice();
}
