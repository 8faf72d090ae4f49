import type { Refusal } from '../errors/renkei-error.js';
import { RESIDENT_RECORD_CODE_LENGTH, residentRecordCodeFault } from '../subjects/resident-record-code.js';

/** Bytes of an AES block, of M(J) and of a linkage code. */
export const BLOCK_LENGTH = 16;

/** "RK1:", the first four bytes of every block that a link key encrypts. A domain byte follows. */
const PREFIX = 0x524b313a;
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
  const digits = new DataView(residents.buffer, residents.byteOffset, residents.byteLength);
  const out = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  for (
    let index = 0, from = 0, to = 0;
    index < rows;
    index++, from += RESIDENT_RECORD_CODE_LENGTH, to += BLOCK_LENGTH
  ) {
    const code = residentRecordCodeFault(residents, from);
    if (code === undefined) {
      out.setUint32(to, PREFIX);
      // The domain byte 0x00 and three digits, then twice four.
      out.setUint32(to + 4, digits.getUint32(from) >>> 8);
      out.setUint32(to + 8, digits.getUint32(from + 3));
      out.setUint32(to + 12, digits.getUint32(from + 7));
    } else {
      blocks.fill(0, to, to + BLOCK_LENGTH);
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
