import { createHash, createPublicKey, verify } from 'node:crypto';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

/** Bytes of a signature: r || s. */
export const SIGNATURE_LENGTH = 64;
/** SubjectPublicKeyInfo of a P-256 key up to its point, in hex (RFC 5480). */
export const SPKI_PREFIX = '3059301306072a8648ce3d020106082a8648ce3d030107034200';

/** Order of P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const SCALAR_BYTES = 32;
const HEX_KEY = new RegExp(`^${SPKI_PREFIX}[0-9a-f]{130}$`);

/**
 * True for the SubjectPublicKeyInfo (DER) of a P-256 key in lower-case hex, whether or not its point is on the curve.
 */
export function isPublicKeyHex(value: unknown): value is string {
  return typeof value === 'string' && HEX_KEY.test(value);
}

/** Fingerprint of a public key: the first 8 bytes of SHA-256 over its SubjectPublicKeyInfo (DER), in hex. */
export function publicKeyFingerprint(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
}

/**
 * True when the signature is right: ECDSA on P-256 over the SHA-256 of the message (FIPS 186-5). Of the two signatures
 * that are valid only the one with the lower s is: whoever has no key cannot rewrite it.
 *
 * @param publicKey SubjectPublicKeyInfo, DER, 91 bytes
 * @param signature r || s, 64 bytes
 */
export function isSigned(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isPublicKeyHex(bytesToHex(publicKey)) || signature.length !== SIGNATURE_LENGTH) return false;
  if (sOf(signature) > ORDER / 2n) return false;
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    // Not a point of the curve.
    return false;
  }
}

/** Of the two valid signatures (r, s) and (r, n − s) the one with the lower s. */
export function withLowerS(signature: Uint8Array): Uint8Array {
  const s = sOf(signature);
  if (s <= ORDER / 2n) return signature;
  const lower = new Uint8Array(signature);
  lower.set(hexToBytes((ORDER - s).toString(16).padStart(2 * SCALAR_BYTES, '0')), SCALAR_BYTES);
  return lower;
}

function sOf(signature: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(signature.subarray(SCALAR_BYTES))}`);
}

/**
 * The signature r || s as DER: SEQUENCE of two INTEGERs (RFC 3279 section 2.2.3).
 *
 * @param signature 64 bytes
 */
export function signatureToDer(signature: Uint8Array): Uint8Array {
  const numbers = [signature.subarray(0, SCALAR_BYTES), signature.subarray(SCALAR_BYTES)].flatMap(derInteger);
  return Uint8Array.of(0x30, numbers.length, ...numbers);
}

/**
 * The signature r || s, 64 bytes, of its DER; undefined for any other bytes than {@link signatureToDer} gives.
 */
export function signatureFromDer(der: Uint8Array): Uint8Array | undefined {
  const signature = new Uint8Array(SIGNATURE_LENGTH);
  let at = 2;
  for (let k = 0; k < 2; k++) {
    const length = der[at + 1] ?? 0;
    const digits = der.subarray(at + 2, at + 2 + length);
    const significant = digits[0] === 0 ? digits.subarray(1) : digits;
    if (significant.length > SCALAR_BYTES) return undefined;
    signature.set(significant, (k + 1) * SCALAR_BYTES - significant.length);
    at += 2 + length;
  }
  return Buffer.compare(signatureToDer(signature), der) === 0 ? signature : undefined;
}

function derInteger(scalar: Uint8Array): number[] {
  const first = scalar.findIndex((byte) => byte !== 0);
  const digits = first === -1 ? [0] : [...scalar.subarray(first)];
  // A leading one bit would make it negative.
  const positive = (digits[0] as number) >= 0x80 ? [0, ...digits] : digits;
  return [0x02, positive.length, ...positive];
}
