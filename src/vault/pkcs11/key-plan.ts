import { type KeyName, parseKeyName } from '../../codes/key-names.js';
import { flag, type KeyLevel, type KeyProfile, keyProfile, type ProfileAttribute } from './key-profile.js';

/** How a key is made: its profile, and for a pair the profile of its public half. */
export interface KeyPlan extends KeyProfile {
  /** The key's name. */
  readonly name: KeyName;
  /** What makes it, as the standard names the mechanism. */
  readonly mechanism: 'CKM_AES_KEY_GEN' | 'CKM_EC_KEY_PAIR_GEN';
  /** Attributes of the public half of a pair; absent for a secret key. */
  readonly publicAttributes?: readonly ProfileAttribute[];
}

const ONLY_SIGNS = 'an audit key signs and does nothing else';

const AUDIT_PRIVATE: readonly ProfileAttribute[] = [
  flag('CKA_TOKEN', true, 'kept on the token'),
  flag('CKA_PRIVATE', true, 'nobody signs without the user PIN'),
  flag('CKA_SENSITIVE', true, 'its value is never shown'),
  flag('CKA_EXTRACTABLE', false, 'it never leaves, not even wrapped'),
  flag('CKA_SIGN', true, 'signs ceremony records'),
  flag('CKA_SIGN_RECOVER', false, ONLY_SIGNS),
  flag('CKA_DECRYPT', false, ONLY_SIGNS),
  flag('CKA_UNWRAP', false, ONLY_SIGNS),
  flag('CKA_DERIVE', false, ONLY_SIGNS),
  flag('CKA_COPYABLE', false, 'a copy could be given other functions'),
  { name: 'CKA_ALLOWED_MECHANISMS', value: ['CKM_ECDSA'], why: 'one key, one purpose' },
  flag('CKA_MODIFIABLE', false, 'no function can be added later'),
];

const AUDIT_PUBLIC: readonly ProfileAttribute[] = [
  flag('CKA_TOKEN', true, 'kept on the token, beside its private half'),
  flag('CKA_PRIVATE', false, 'anybody may verify'),
  flag('CKA_VERIFY', true, 'verifies ceremony records'),
  flag('CKA_VERIFY_RECOVER', false, ONLY_SIGNS),
  flag('CKA_ENCRYPT', false, ONLY_SIGNS),
  flag('CKA_WRAP', false, 'nothing may be wrapped out of the token under a key pair'),
  flag('CKA_DERIVE', false, ONLY_SIGNS),
  flag('CKA_COPYABLE', false, 'one public half, one identifier'),
  { name: 'CKA_ALLOWED_MECHANISMS', value: ['CKM_ECDSA'], why: 'one key, one purpose' },
  flag('CKA_MODIFIABLE', false, 'no function can be added later'),
];

/**
 * The plan of a key of any kind. An audit key is the same at every level: it never touches a linkage code.
 *
 * @throws RenkeiError `KEY_NAME_INVALID`
 */
export function planKey(name: string, level: KeyLevel): KeyPlan {
  const parsed = parseKeyName(name);
  if (parsed.kind !== 'audit') {
    return { name: parsed.name, mechanism: 'CKM_AES_KEY_GEN', ...keyProfile(parsed.name, level) };
  }
  return {
    name: parsed.name,
    mechanism: 'CKM_EC_KEY_PAIR_GEN',
    madeBy: 'user',
    attributes: AUDIT_PRIVATE,
    publicAttributes: AUDIT_PUBLIC,
  };
}
