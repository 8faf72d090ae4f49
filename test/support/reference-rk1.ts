import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

/**
 * RK1 once more, from docs/spec.md and nothing else, on node:crypto: what the library is held against. It shares no
 * line with src.
 */

/** AES-256 of whole blocks, each by itself. */
export function aes256(key: Uint8Array, blocks: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]);
}

/** AES Key Wrap (RFC 3394) under a key of 16 or 32 bytes. */
export function keyWrap(key: Uint8Array, value: Uint8Array): Buffer {
  const cipher = createCipheriv(`id-aes${key.length * 8}-wrap`, key, Buffer.alloc(8, 0xa6));
  return Buffer.concat([cipher.update(value), cipher.final()]);
}

/** M(J) of an eleven-digit resident record code. */
export function linkageBlock(residentRecordCode: string): Buffer {
  return Buffer.from(`RK1:\0${residentRecordCode}`, 'latin1');
}

/** L[1] to L[g], given the link keys of the generations 1 to g. */
export function linkageCodes(linkKeys: readonly Uint8Array[], residentRecordCode: string): Buffer[] {
  const codes: Buffer[] = [];
  for (const key of linkKeys) codes.push(aes256(key, codes.at(-1) ?? linkageBlock(residentRecordCode)));
  return codes;
}

/** One of the twelve steps of AES Key Wrap: what the cipher gave, and the registers after it. */
export interface WrapStep {
  readonly t: number;
  readonly b: Buffer;
  readonly a: Buffer;
  readonly r1: Buffer;
  readonly r2: Buffer;
}

/** The steps of AES Key Wrap of 16 bytes under a 32-byte key. */
export function wrapSteps(key: Uint8Array, value: Buffer): WrapStep[] {
  let a: Buffer = Buffer.alloc(8, 0xa6);
  const r: Buffer[] = [value.subarray(0, 8), value.subarray(8)];
  return Array.from({ length: 12 }, (_, n) => {
    const i = n % 2;
    const b = aes256(key, Buffer.concat([a, r[i] as Buffer]));
    a = Buffer.from(b.subarray(0, 8));
    a[7] = (a[7] as number) ^ (n + 1);
    r[i] = b.subarray(8);
    return { t: n + 1, b, a, r1: r[0] as Buffer, r2: r[1] as Buffer };
  });
}

/** The value inside a code, step by step as the document unwraps it; `undefined` when it is forged. */
export function unwrap(key: Uint8Array, code: Uint8Array): Buffer | undefined {
  const [a, ...r] = [0, 8, 16].map((at) => Buffer.from(code.subarray(at, at + 8))) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  for (let t = 12; t >= 1; t--) {
    const half = r[(t + 1) % 2] as Buffer;
    a[7] = (a[7] as number) ^ t;
    const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
    const b = Buffer.concat([decipher.update(Buffer.concat([a, half])), decipher.final()]);
    b.copy(a, 0, 0, 8);
    b.copy(half, 0, 8);
  }
  return a.equals(Buffer.alloc(8, 0xa6)) ? Buffer.concat(r) : undefined;
}

/** External form of an institution's code: base32 of the version byte and the 24 code bytes. */
export function externalForm(version: number, code: Uint8Array): string {
  const bits = [version, ...code].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{5}/g) ?? [];
  return groups.map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group, 2)]).join('');
}

/** The 16-byte key that stands for a link key in its fingerprint. */
export function linkFingerprintKey(linkKey: Uint8Array): Buffer {
  return aes256(linkKey, Buffer.from('RK1:\u0001fingerprint', 'latin1'));
}

/** Fingerprint of a key, given KW(K, 16 zero bytes). */
export function fingerprint(wrappedZeros: Uint8Array): string {
  return createHash('sha256').update(wrappedZeros).digest('hex').slice(0, 16);
}

/** Fingerprint of the key of that name. */
export function fingerprintOfKey(name: string, key: Uint8Array): string {
  const wrapping = name.startsWith('link/') ? linkFingerprintKey(key) : key;
  return fingerprint(keyWrap(wrapping, Buffer.alloc(16)));
}
