import type { OptionRule } from '../errors/options.js';
import { isPublicKeyHex } from './p256.js';

/** The public half of an audit key: SubjectPublicKeyInfo (DER), 91 bytes or as lower-case hex. */
export type GivenPublicKey = Uint8Array | string;

/** The rule for a public key. */
export const publicKeyRule: OptionRule = {
  expects: 'a P-256 SubjectPublicKeyInfo: bytes, or lower-case hex',
  check: (value) => isPublicKeyHex(value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value),
};

/** The rule for public keys of which any may have signed. */
export const publicKeysRule: OptionRule = {
  expects: 'a list of P-256 SubjectPublicKeyInfo: bytes, or lower-case hex',
  check: (value) => Array.isArray(value) && value.every(publicKeyRule.check),
};

/** A public key as bytes. */
export function publicKeyBytes(key: GivenPublicKey): Uint8Array {
  return typeof key === 'string' ? Buffer.from(key, 'hex') : key;
}
