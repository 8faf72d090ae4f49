import { type KeyName, parseKeyName } from '../../codes/key-names.js';
import type { AttributeName, MechanismName } from './attributes.js';

/**
 * Level of assurance a key is made for: 3 `hsm-enforced`, 2 `hsm-sealed`, 1 `host-visible` (allows the bulk engine).
 */
export type KeyLevel = 1 | 2 | 3;

/** One attribute of a key: what it must be, and why. */
export interface ProfileAttribute {
  /** Its standard name. */
  readonly name: AttributeName;
  /** A flag, a list of mechanisms, or the template that unwrapped keys must follow. */
  readonly value: boolean | readonly MechanismName[] | readonly ProfileAttribute[];
  /** The reason, for the dry run of a ceremony and for reviewers. */
  readonly why: string;
}

/** Everything a key is made with besides class, type, label and identifier. */
export interface KeyProfile {
  /** Who makes it: only a security officer can set CKA_TRUSTED, and an officer's objects are never private. */
  readonly madeBy: 'user' | 'security-officer';
  /** Every attribute, none left to the module's defaults. */
  readonly attributes: readonly ProfileAttribute[];
}

/** A profile's flag. */
export const flag = (name: AttributeName, value: boolean, why: string): ProfileAttribute => ({
  name,
  value,
  why,
});

const UNUSED = 'not what this key is for';

/**
 * A linkage code at level 3, as an object of the HSM. The same list is the unwrap template of every audience key, so
 * whoever unwraps a code must ask for exactly this. Not modifiable and not copyable: otherwise a holder of the PIN
 * could set CKA_DERIVE on the unwrapped object and compute with it.
 */
export const ENFORCED_LINKAGE: readonly ProfileAttribute[] = [
  flag('CKA_TOKEN', false, 'gone with the session'),
  flag('CKA_PRIVATE', true, 'nobody unwraps without the user PIN'),
  flag('CKA_SENSITIVE', true, 'its value is never shown'),
  flag('CKA_EXTRACTABLE', true, 'it must be wrapped for the next audience'),
  flag('CKA_WRAP_WITH_TRUSTED', true, 'but only under keys a security officer made'),
  flag('CKA_COPYABLE', false, 'nor to a copy'),
  flag('CKA_ENCRYPT', false, 'a linkage code is no key to compute with'),
  flag('CKA_DECRYPT', false, 'a linkage code is no key to compute with'),
  flag('CKA_SIGN', false, 'a linkage code is no key to compute with'),
  flag('CKA_VERIFY', false, 'a linkage code is no key to compute with'),
  flag('CKA_WRAP', false, 'a linkage code is no key to compute with'),
  flag('CKA_UNWRAP', false, 'a linkage code is no key to compute with'),
  flag('CKA_DERIVE', false, 'deriving from it would show its bits'),
  {
    name: 'CKA_ALLOWED_MECHANISMS',
    value: ['CKM_AES_KEY_WRAP'],
    why: 'of the mechanisms that take a 128-bit AES key, none but this',
  },
  // Last: SoftHSM sets what stands behind it on an object that is no longer modifiable, and refuses.
  flag('CKA_MODIFIABLE', false, 'no function can be added later'),
];

/**
 * A linkage code made by C_DeriveKey at level 3. PKCS#11 2.40 has no template for derived keys, and SoftHSM refuses
 * CKA_MODIFIABLE here: what is left out is a stated limit, open to whoever has the PIN and the resident record code.
 */
export const ENFORCED_DERIVED_LINKAGE = ENFORCED_LINKAGE.filter(({ name }) => name !== 'CKA_MODIFIABLE');

/** A linkage code at level 2 and 1: sealed, but not against whoever may set its attributes. */
export const SEALED_LINKAGE = ENFORCED_LINKAGE.filter(
  ({ name }) =>
    !['CKA_WRAP_WITH_TRUSTED', 'CKA_MODIFIABLE', 'CKA_COPYABLE', 'CKA_ALLOWED_MECHANISMS'].includes(name),
);

/** What a key of level 2 may do, by its kind: with anything more the host could compute with it block by block. */
export function sealedUsages(name: KeyName): readonly ('derive' | 'wrap' | 'unwrap')[] {
  switch (parseKeyName(name).kind) {
    case 'link':
      return ['derive'];
    case 'record':
      return ['wrap'];
    case 'audit':
      return [];
    default:
      return ['wrap', 'unwrap'];
  }
}

/** The profile of an AES key. */
export function keyProfile(name: KeyName, level: KeyLevel): KeyProfile {
  const usages: readonly string[] = sealedUsages(name);
  const isLink = usages.includes('derive');
  const officers = level === 3 && !isLink;
  const bulk = level === 1;
  const mechanisms: MechanismName[] = [isLink ? 'CKM_AES_CBC_ENCRYPT_DATA' : 'CKM_AES_KEY_WRAP'];
  if (bulk) mechanisms.push('CKM_AES_ECB');
  const attributes: ProfileAttribute[] = [
    flag('CKA_TOKEN', true, 'kept on the token'),
    officers
      ? flag('CKA_PRIVATE', false, "an officer's objects are public; what it unwraps is private")
      : flag('CKA_PRIVATE', true, 'no use without the user PIN'),
    flag('CKA_SENSITIVE', true, 'its value is never shown'),
    flag('CKA_EXTRACTABLE', false, 'it never leaves, not even wrapped'),
    flag('CKA_DERIVE', isLink, isLink ? 'makes linkage codes' : UNUSED),
    flag('CKA_WRAP', !isLink, isLink ? UNUSED : 'makes codes'),
    flag('CKA_UNWRAP', usages.includes('unwrap'), usages.includes('unwrap') ? 'opens codes' : UNUSED),
    flag(
      'CKA_ENCRYPT',
      bulk,
      bulk ? 'the bulk engine computes block by block' : 'would show linkage codes to the host',
    ),
    flag(
      'CKA_DECRYPT',
      bulk && usages.includes('unwrap'),
      bulk && usages.includes('unwrap')
        ? 'the bulk engine computes block by block'
        : 'would show linkage codes to the host',
    ),
    flag('CKA_SIGN', false, UNUSED),
    flag('CKA_VERIFY', false, UNUSED),
    flag('CKA_MODIFIABLE', bulk, bulk ? 'can be locked down to level 2' : 'a modifiable key is not sealed'),
    flag(
      'CKA_COPYABLE',
      bulk,
      bulk ? 'is locked down through a copy' : 'a copy could be given other functions',
    ),
    { name: 'CKA_ALLOWED_MECHANISMS', value: mechanisms, why: 'one key, one purpose' },
  ];
  if (officers) {
    attributes.push(flag('CKA_TRUSTED', true, 'linkage codes may be wrapped under it'));
    if (usages.includes('unwrap')) {
      attributes.push({
        name: 'CKA_UNWRAP_TEMPLATE',
        value: ENFORCED_LINKAGE,
        why: 'the HSM itself unwraps a code to nothing but a sealed linkage code',
      });
    }
  }
  return { madeBy: officers ? 'security-officer' : 'user', attributes };
}

/** What a key of level 1 is given on its way to level 2, in this order: those of the level-2 profile that differ. */
export function lockDownAttributes(name: KeyName): readonly ProfileAttribute[] {
  const changing: readonly AttributeName[] = [
    'CKA_ENCRYPT',
    'CKA_DECRYPT',
    'CKA_COPYABLE',
    'CKA_ALLOWED_MECHANISMS',
    // Last: nothing can be set after it.
    'CKA_MODIFIABLE',
  ];
  const { attributes } = keyProfile(name, 2);
  return changing.flatMap((wanted) => attributes.filter((attribute) => attribute.name === wanted));
}
