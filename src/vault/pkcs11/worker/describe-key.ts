import { bytesToHex } from '@noble/hashes/utils.js';
import pkcs11js from 'pkcs11js';
import { type KeyName, parseKeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { publicKeyFingerprint } from '../../../signatures/p256.js';
import type { KeyDescription } from '../key-description.js';
import { sealedUsages } from '../key-profile.js';
import type { Requests } from '../protocol.js';
import { readPublicHalf } from './audit-key.js';
import { calling } from './faults.js';
import { findKeys, findObjects, findOnlyKey } from './key-ring.js';
import { readAttributes } from './read-attribute.js';
import { SealedEngine } from './sealed-engine.js';
import type { Session } from './session.js';

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
    fingerprint: publicKeyFingerprint(half.publicKey),
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
  return requireGone(session, name);
}

/**
 * Makes sure that no object bears the label of a key that was destroyed: neither the key nor a copy of it.
 *
 * @throws RenkeiError `KEY_STILL_PRESENT`
 */
export function requireGone(session: Session, name: KeyName): null {
  const { length } = findObjects(session, [{ type: pkcs11js.CKA_LABEL, value: name }]);
  if (length === 0) return null;
  throw new RenkeiError('KEY_STILL_PRESENT', `${length} objects on the token still bear the label ${name}`);
}
