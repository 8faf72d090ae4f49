import { RESIDENT_RECORD_CODE_LENGTH } from '../../src/subjects/resident-record-code.js';
import { aes256, linkageBlock } from './reference-rk1.js';

/**
 * Linkage codes of the first generation of a packed batch, computed with `node:crypto` alone: what a scan of somebody
 * else's memory looks for.
 *
 * @param residents n × 11 ASCII digits
 * @returns n × 16 bytes
 */
export function packedLinkageCodes(linkKey: Uint8Array, residents: Uint8Array): Uint8Array {
  const digits = Buffer.from(residents).toString('latin1');
  const blocks: Buffer[] = [];
  for (let from = 0; from < digits.length; from += RESIDENT_RECORD_CODE_LENGTH) {
    blocks.push(linkageBlock(digits.slice(from, from + RESIDENT_RECORD_CODE_LENGTH)));
  }
  return aes256(linkKey, Buffer.concat(blocks));
}
