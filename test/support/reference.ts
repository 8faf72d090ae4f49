import { fingerprintOfKey, keyWrap, linkageCodes } from './reference-rk1.js';

/** AES-256 keys by name. */
export type KeySet = Readonly<Record<string, Uint8Array>>;

/** L[g] of a resident record code, by the reference. */
export function referenceLinkageCode(keys: KeySet, resident: string, generation = 1): Buffer {
  const links = Array.from({ length: generation }, (_, g) => keys[`link/${g + 1}`] as Uint8Array);
  return linkageCodes(links, resident).at(-1) as Buffer;
}

/** The code of a person at an audience, by the reference. */
export function referenceCode(keys: KeySet, resident: string, audience: string, generation = 1): Uint8Array {
  const value = referenceLinkageCode(keys, resident, generation);
  return new Uint8Array(keyWrap(keys[audience] as Uint8Array, value));
}

/** The fingerprint of a key, by the reference. */
export function referenceFingerprint(keys: KeySet, name: string): string {
  return fingerprintOfKey(name, keys[name] as Uint8Array);
}
