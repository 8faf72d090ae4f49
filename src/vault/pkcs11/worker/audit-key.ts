import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import pkcs11js from 'pkcs11js';
import type { KeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { SIGNATURE_LENGTH, SPKI_PREFIX, withLowerS } from '../../../signatures/p256.js';
import type { ProfileAttribute } from '../key-profile.js';
import type { Requests } from '../protocol.js';
import { calling } from './faults.js';
import { findOnlyKey, findWhileLoggedIn, keySearch } from './key-ring.js';
import type { Session } from './session.js';
import { templateOf } from './template.js';

/** Object identifier of the curve P-256 (prime256v1), DER. */
const P256 = Buffer.from('06082a8648ce3d030107', 'hex');
/** An uncompressed point: 04 || x || y. */
const POINT_BYTES = 65;

/** Generates an EC P-256 pair, every attribute explicit. */
export function generatePair(
  { module, handle }: Session,
  name: KeyName,
  publicAttributes: readonly ProfileAttribute[],
  privateAttributes: readonly ProfileAttribute[],
): readonly [publicHalf: Buffer, privateHalf: Buffer] {
  const curve = { type: pkcs11js.CKA_EC_PARAMS, value: P256 };
  const { publicKey, privateKey } = module.C_GenerateKeyPair(
    handle,
    { mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN },
    // CKA_MODIFIABLE false stands last: SoftHSM sets attributes in order.
    [...keySearch(name, 'public'), curve, ...templateOf(publicAttributes)],
    [...keySearch(name), ...templateOf(privateAttributes)],
  );
  return [publicKey, privateKey];
}

/** The one public half of an audit key, and its SubjectPublicKeyInfo. */
export function readPublicHalf(session: Session, name: KeyName) {
  const handle = findOnlyKey(session, name, 'public');
  const [attribute] = calling('C_GetAttributeValue', () =>
    session.module.C_GetAttributeValue(session.handle, handle, [{ type: pkcs11js.CKA_EC_POINT }]),
  );
  const value = attribute?.value as Buffer;
  // A DER OCTET STRING by the standard; some modules leave the two bytes of its header away.
  const point = value.subarray(value.length - POINT_BYTES);
  if (point.length !== POINT_BYTES || point[0] !== 4) {
    throw new RenkeiError(
      'MODULE_REFUSED',
      `the module does not show the public half of key ${name} as a point`,
    );
  }
  return { handle, publicKey: hexToBytes(SPKI_PREFIX + point.toString('hex')) };
}

/** The public half of an audit key whose private half is there too. */
export function publicKeyOf(
  session: Session,
  { key }: Requests['publicKey']['request'],
): Requests['publicKey']['answer'] {
  findWhileLoggedIn(session, key);
  return { publicKey: readPublicHalf(session, key).publicKey };
}

/**
 * ECDSA over a digest. Of the two valid signatures (r, s) and (r, n - s) always the one with the lower s, so that
 * a signature cannot be rewritten by somebody without the key.
 */
export function sign(session: Session, { key, digest }: Requests['sign']['request']) {
  const { module, handle } = session;
  const signer = findWhileLoggedIn(session, key);
  calling('C_SignInit', () => module.C_SignInit(handle, { mechanism: pkcs11js.CKM_ECDSA }, signer));
  const raw = calling('C_Sign', () => module.C_Sign(handle, Buffer.from(digest), Buffer.alloc(128)));
  if (raw.length !== SIGNATURE_LENGTH) {
    throw new RenkeiError('MODULE_REFUSED', `C_Sign gave ${raw.length} bytes instead of ${SIGNATURE_LENGTH}`);
  }
  return { signature: bytesToHex(withLowerS(raw)) };
}
