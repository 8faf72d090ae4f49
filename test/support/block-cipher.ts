import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { BlockTransform } from '../../src/scheme/batch-key-wrap.js';

/** AES-ECB of node:crypto in place, under a key of 128, 192 or 256 bits. */
export function nodeBlockCipher(direction: 'encrypt' | 'decrypt', key: Uint8Array): BlockTransform {
  const algorithm = `aes-${key.length * 8}-ecb`;
  return (blocks) => {
    const cipher =
      direction === 'encrypt' ? createCipheriv(algorithm, key, null) : createDecipheriv(algorithm, key, null);
    blocks.set(cipher.setAutoPadding(false).update(blocks));
  };
}
