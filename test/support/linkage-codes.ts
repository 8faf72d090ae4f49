import { createCipheriv } from 'node:crypto';
import { RESIDENT_RECORD_CODE_LENGTH } from '../../src/subjects/resident-record-code.js';

const BLOCK_LENGTH = 16;

/**
 * Linkage codes of the first generation, computed from the specification with `node:crypto` alone: what a scan of
 * somebody else's memory looks for.
 *
 * @param residents n × 11 ASCII digits
 * @returns n × 16 bytes
 */
export function linkageCodes(linkKey: Uint8Array, residents: Uint8Array): Uint8Array {
  const rows = residents.length / RESIDENT_RECORD_CODE_LENGTH;
  const blocks = Buffer.alloc(rows * BLOCK_LENGTH);
  for (let n = 0; n < rows; n++) {
    blocks.write('RK1:\0', n * BLOCK_LENGTH, 'latin1');
    const from = n * RESIDENT_RECORD_CODE_LENGTH;
    blocks.set(residents.subarray(from, from + RESIDENT_RECORD_CODE_LENGTH), n * BLOCK_LENGTH + 5);
  }
  const cipher = createCipheriv('aes-256-ecb', linkKey, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]);
}
