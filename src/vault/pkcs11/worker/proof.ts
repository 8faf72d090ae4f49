import type { KeyName } from '../../../codes/key-names.js';
import type { KeyAssurance } from '../../port.js';
import { keyProfile, type ProfileAttribute, sealedUsages } from '../key-profile.js';
import { attackKey } from './attacks.js';
import { moduleError } from './faults.js';
import type { FoundKey, KeyRing } from './key-ring.js';
import { readAttribute } from './read-attribute.js';
import type { Session } from './session.js';

/**
 * Proves the level of a key: reads its attributes back and holds them against the profile of level 3, then tries to
 * get at a linkage code with it. A key is of level 3 when every attribute agrees and every attack is refused; of
 * level 2 when it permits nothing but what its kind needs and cannot be modified; else of level 1.
 */
export function proveKey(session: Session, ring: KeyRing, name: KeyName): KeyAssurance {
  const key = ring.find(name);
  const deviations = readDeviations(session, key);
  let attacks: KeyAssurance['attacks'];
  try {
    attacks = attackKey(session, key);
  } catch (error) {
    throw moduleError('proving the level', error);
  }
  const accepted = attacks
    .filter(({ outcome }) => outcome === 'accepted')
    .map(({ attack }) => `accepted: ${attack}`);
  const reasons = [...deviations, ...accepted];
  return { name, level: reasons.length === 0 ? 3 : withoutProof(session, key), reasons, attacks };
}

/**
 * The level a key has by what it permits, when the HSM does not enforce more. One that can be modified permits what the
 * next holder of the PIN wants it to.
 */
function withoutProof(session: Session, { name, handle, usages }: FoundKey): 1 | 2 {
  if (readAttribute(session, handle, 'CKA_MODIFIABLE') !== false) return 1;
  const sealed: readonly string[] = sealedUsages(name);
  return [...usages].every((usage) => sealed.includes(usage)) ? 2 : 1;
}

/** Attributes of the level-3 profile that the key does not have, or that its module does not know. */
function readDeviations(session: Session, { name, handle }: FoundKey): string[] {
  return keyProfile(name, 3).attributes.flatMap(({ name: attribute, value }) => {
    // A template is an array of pointers, which cannot be read; the attacks show whether it is there.
    if (attribute === 'CKA_UNWRAP_TEMPLATE') return [];
    const found = readAttribute(session, handle, attribute);
    if (found === null) return [`${attribute} is not known to the module`];
    return sameValue(found, value) ? [] : [`${attribute} is not as level 3 wants it`];
  });
}

function sameValue(found: unknown, wanted: ProfileAttribute['value']): boolean {
  if (typeof wanted === 'boolean') return found === wanted;
  return Array.isArray(found) && JSON.stringify(found) === JSON.stringify([...wanted].sort());
}
