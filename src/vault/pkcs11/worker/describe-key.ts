import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { type KeyName, parseKeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { KeyDescription } from '../key-description.js';
import { sealedUsages } from '../key-profile.js';
import type { Requests } from '../protocol.js';
import { readPublicHalf } from './audit-key.js';
import { calling } from './faults.js';
import { findKeys, findOnlyKey } from './key-ring.js';
import { readAttributes } from './read-attribute.js';
import { SealedEngine } from './sealed-engine.js';
import type { Session } from './session.js';

/** Bytes of SHA-256 that an audit key's fingerprint keeps, as for the other keys. */
const FINGERPRINT_LENGTH = 8;

/** Fingerprint and attributes of the one key of that name. */
export function describeKey(session: Session, name: KeyName): KeyDescription {
  const handle = findOnlyKey(session, name);
  if (parseKeyName(name).kind !== 'audit') {
    const fingerprint = fingerprintKey(session, name, handle);
    return { name, fingerprint, attributes: readAttributes(session, handle, 'secret') };
  }
  const half = readPublicHalf(session, name);
  return {
    name,
    fingerprint: bytesToHex(sha256(half.publicKey).subarray(0, FINGERPRINT_LENGTH)),
    attributes: readAttributes(session, handle, 'private'),
    publicHalf: {
      publicKey: bytesToHex(half.publicKey),
      attributes: readAttributes(session, half.handle, 'public'),
    },
  };
}

/** The fingerprint of an AES key by its handle, with what a key of that name may do at every level. */
export function fingerprintKey(session: Session, name: KeyName, handle: Buffer): string {
  const usages = new Set(sealedUsages(name));
  return new SealedEngine(session).fingerprint({ name, handle, usages }).fingerprint;
}

/** Destroys the one key of that name, both halves of a pair; refuses when it is not the key that was meant. */
export function destroyKey(session: Session, { name, fingerprint }: Requests['destroyKey']['request']): null {
  const { module, handle } = session;
  if (describeKey(session, name).fingerprint !== fingerprint) {
    throw new RenkeiError('KEY_FINGERPRINT_MISMATCH', `key ${name} has another fingerprint than expected`);
  }
  const objects = [...findKeys(session, name)];
  if (parseKeyName(name).kind === 'audit') objects.push(...findKeys(session, name, 'public'));
  for (const object of objects) calling('C_DestroyObject', () => module.C_DestroyObject(handle, object));
  return null;
}
