import { createCipheriv, createHash } from 'node:crypto';

/**
 * The scheme once more, straight from its definition and on node:crypto alone: one person at a time, no batches. It
 * shares no line with the library.
 */

/** AES-256 keys by name. */
export type KeySet = Readonly<Record<string, Uint8Array>>;

/** AES-256 of one block. */
function aes256(key: Uint8Array, block: Uint8Array): Buffer {
  return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block);
}

/** AES Key Wrap of RFC 3394 under a key of 128 or 256 bits. */
export function wrapKey(key: Uint8Array, value: Uint8Array): Buffer {
  const cipher = createCipheriv(`id-aes${key.length * 8}-wrap`, key, Buffer.alloc(8, 0xa6));
  return Buffer.concat([cipher.update(value), cipher.final()]);
}

/** L[g] of a resident record code. */
export function referenceLinkageCode(keys: KeySet, resident: string, generation = 1): Buffer {
  let value: Buffer = Buffer.from(`RK1:\0${resident}`, 'latin1');
  for (let g = 1; g <= generation; g++) value = aes256(keys[`link/${g}`] as Uint8Array, value);
  return value;
}

/** The code of a person at an audience. */
export function referenceCode(keys: KeySet, resident: string, audience: string, generation = 1): Uint8Array {
  return new Uint8Array(
    wrapKey(keys[audience] as Uint8Array, referenceLinkageCode(keys, resident, generation)),
  );
}

/** The fingerprint of a key. */
export function referenceFingerprint(keys: KeySet, name: string): string {
  const key = keys[name] as Uint8Array;
  const wrapping = name.startsWith('link/') ? aes256(key, Buffer.from('RK1:\x01fingerprint', 'latin1')) : key;
  return createHash('sha256')
    .update(wrapKey(wrapping, Buffer.alloc(16)))
    .digest('hex')
    .slice(0, 16);
}
