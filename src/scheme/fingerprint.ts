import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** Bytes of SHA-256 that a fingerprint keeps. */
const FINGERPRINT_LENGTH = 8;

/** The 16 zero bytes whose wrapped form is hashed into a fingerprint. */
export function zeroKey(): Uint8Array {
  return new Uint8Array(16);
}

/**
 * The fingerprint of a key K: the first 8 bytes of SHA-256(KW(K, 16 zero bytes)), lower-case hex. For a link key, K
 * is the AES-128 key AES-256(K_link, "RK1:" || 0x01 || "fingerprint").
 *
 * @param wrappedZeroKey KW(K, 16 zero bytes), 24 bytes
 */
export function fingerprintOf(wrappedZeroKey: Uint8Array): string {
  return bytesToHex(sha256(wrappedZeroKey).subarray(0, FINGERPRINT_LENGTH));
}
