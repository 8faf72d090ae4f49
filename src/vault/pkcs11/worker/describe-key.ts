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

/**
 * Destroys the one key of that name, both halves of a pair, and makes sure that it is gone. Refuses, and destroys
 * nothing, when it is not the key that was meant, or when other objects bear its label.
 */
export function destroyKey(session: Session, { name, fingerprint }: Requests['destroyKey']['request']): null {
  const { module, handle } = session;
  if (describeKey(session, name).fingerprint !== fingerprint) {
    throw new RenkeiError('KEY_FINGERPRINT_MISMATCH', `key ${name} has another fingerprint than expected`);
  }
  const objects = [...findKeys(session, name)];
  if (parseKeyName(name).kind === 'audit') objects.push(...findKeys(session, name, 'public'));
  const others = labelled(session, name) - objects.length;
  if (others > 0) throw stillPresent(name, others);
  for (const object of objects) calling('C_DestroyObject', () => module.C_DestroyObject(handle, object));
  return requireGone(session, name);
}

/**
 * Makes sure that no object bears the label of a key that was destroyed: neither the key nor a copy of it.
 *
 * @throws RenkeiError `KEY_STILL_PRESENT`
 */
export function requireGone(session: Session, name: KeyName): null {
  const left = labelled(session, name);
  if (left === 0) return null;
  throw stillPresent(name, left);
}

function labelled(session: Session, name: KeyName): number {
  return findObjects(session, [{ type: pkcs11js.CKA_LABEL, value: name }]).length;
}

function stillPresent(name: KeyName, objects: number): RenkeiError {
  return new RenkeiError(
    'KEY_STILL_PRESENT',
    `${objects} objects on the token bear the label ${name} besides: they may be copies of the key`,
  );
}
