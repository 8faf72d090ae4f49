import { createRequire } from 'node:module';
import pkcs11js, { type Attribute, type Template } from 'pkcs11js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { attributeType, mechanismType } from '../attributes.js';
import type { ProfileAttribute } from '../key-profile.js';

/** The one function of koffi that is used. */
interface Addresses {
  address(buffer: Uint8Array): bigint;
}

/** A CK_ATTRIBUTE on a 64-bit machine: type, pointer to the value, length of the value. */
const ATTRIBUTE_BYTES = 24;

/**
 * Writes profile attributes as a template of pkcs11js. A nested template is an array of CK_ATTRIBUTE structures that
 * point at their values; `keep` holds the buffers pointed at, and must be referenced until the call has returned.
 */
export function templateOf(attributes: readonly ProfileAttribute[], keep: Buffer[] = []): Template {
  return attributes.map(({ name, value }): Attribute => {
    const type = attributeType(name);
    if (typeof value === 'boolean') return { type, value };
    return { type, value: encode(value, keep) };
  });
}

function encode(value: Exclude<ProfileAttribute['value'], boolean>, keep: Buffer[]): Buffer {
  const [first] = value;
  if (typeof first === 'object') return packTemplate(value as readonly ProfileAttribute[], keep);
  return packNumbers((value as readonly Parameters<typeof mechanismType>[0][]).map(mechanismType));
}

/** CK_ULONGs, 8 bytes each in the machine's order: a number, or a list such as CKA_ALLOWED_MECHANISMS. */
function packNumbers(numbers: readonly number[]): Buffer {
  return Buffer.from(BigUint64Array.from(numbers, BigInt).buffer);
}

/** A nested template is for AES keys: without class and type, the same bytes could become a key of another kind. */
function packTemplate(attributes: readonly ProfileAttribute[], keep: Buffer[]): Buffer {
  const { address } = loadKoffi();
  const values: (readonly [type: number, bytes: Buffer])[] = [
    [pkcs11js.CKA_CLASS, packNumbers([pkcs11js.CKO_SECRET_KEY])],
    [pkcs11js.CKA_KEY_TYPE, packNumbers([pkcs11js.CKK_AES])],
    ...attributes.map(({ name, value }) => {
      const bytes = typeof value === 'boolean' ? Buffer.from([value ? 1 : 0]) : encode(value, keep);
      return [attributeType(name), bytes] as const;
    }),
  ];
  const packed = new BigUint64Array((values.length * ATTRIBUTE_BYTES) / 8);
  values.forEach(([type, bytes], k) => {
    keep.push(bytes);
    packed.set([BigInt(type), address(bytes), BigInt(bytes.length)], k * 3);
  });
  const buffer = Buffer.from(packed.buffer);
  keep.push(buffer);
  return buffer;
}

/** koffi is an optional peer: only making keys of level 3 needs it. */
function loadKoffi(): Addresses {
  try {
    return createRequire(import.meta.url)('koffi') as Addresses;
  } catch {
    throw new RenkeiError('MODULE_LOAD', 'keys of level 3 need the package koffi, which could not be loaded');
  }
}
