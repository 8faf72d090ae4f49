import { createRequire } from 'node:module';
import type { Attribute, Template } from 'pkcs11js';
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
  // CKA_ALLOWED_MECHANISMS is an array of CK_MECHANISM_TYPE, 8 bytes each in the machine's order.
  const mechanisms = (value as readonly Parameters<typeof mechanismType>[0][]).map(mechanismType);
  return Buffer.from(BigUint64Array.from(mechanisms, BigInt).buffer);
}

function packTemplate(attributes: readonly ProfileAttribute[], keep: Buffer[]): Buffer {
  const { address } = loadKoffi();
  const packed = new BigUint64Array((attributes.length * ATTRIBUTE_BYTES) / 8);
  attributes.forEach(({ name, value }, k) => {
    const bytes = typeof value === 'boolean' ? Buffer.from([value ? 1 : 0]) : encode(value, keep);
    keep.push(bytes);
    packed.set([BigInt(attributeType(name)), address(bytes), BigInt(bytes.length)], k * 3);
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
