import { createCipheriv, createHash } from 'node:crypto';

/** Bytes that look random and are the same for the same seed: an AES-256-CTR key stream. */
export function seededBytes(seed: string, length: number): Uint8Array {
  const key = createHash('sha256').update(seed).digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
  return new Uint8Array(stream);
}
