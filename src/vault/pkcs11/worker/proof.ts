import type { KeyName } from '../../../codes/key-names.js';
import type { AssuranceLevel, KeyAssurance } from '../../port.js';
import { keyProfile, sealedUsages } from '../key-profile.js';
import { deviationsFrom, readableProfile } from '../readable-profile.js';
import { attackKey, CHANGE_THE_KEY, COPY_THE_KEY, WRAP_THE_KEY } from './attacks.js';
import { moduleError } from './faults.js';
import type { FoundKey, KeyRing } from './key-ring.js';
import { readAttribute, readAttributes } from './read-attribute.js';
import type { Session } from './session.js';

/**
 * Proves the level of a key: reads its attributes back and holds them against the profile of level 3, then tries to
 * get at a linkage code with it. A key is of level 3 when every attribute agrees and every attack is refused; of
 * level 2 when it permits nothing but what its kind needs and can neither be modified nor copied with more; of level 0,
 * like a key in process memory, when it can be wrapped and so leave the module; else of level 1.
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
  const accepted = attacks.filter(({ outcome }) => outcome === 'accepted').map(({ attack }) => attack);
  const reasons = [...deviations, ...accepted.map((attack) => `accepted: ${attack}`)];
  if (reasons.length === 0) return { name, level: 3, reasons, attacks };
  const levels = accepted.map((attack) => HIGHEST_WITH[attack] ?? 2);
  return { name, level: Math.min(withoutProof(session, key), ...levels) as AssuranceLevel, reasons, attacks };
}

/** The highest level of a key on which an attack was accepted, where that is below 2. */
const HIGHEST_WITH: Readonly<Record<string, 0 | 1>> = {
  // The key itself leaves the module.
  [WRAP_THE_KEY]: 0,
  // Whoever has the PIN gives it, or a copy of it, the functions that level 2 is without.
  [CHANGE_THE_KEY]: 1,
  [COPY_THE_KEY]: 1,
};

/**
 * The level a key has by what it permits, when the HSM does not enforce more. One that can be modified permits what the
 * next holder of the PIN wants it to.
 */
function withoutProof(session: Session, { name, handle, usages }: FoundKey): 1 | 2 {
  if (readAttribute(session, handle, 'CKA_MODIFIABLE') !== false) return 1;
  const sealed: readonly string[] = sealedUsages(name);
  return [...usages].every((usage) => sealed.includes(usage)) ? 2 : 1;
}

/**
 * Attributes of the level-3 profile that the key does not have, or that its module does not know. The unwrap template
 * cannot be read; the attacks show whether it is there.
 */
function readDeviations(session: Session, { name, handle }: FoundKey): string[] {
  const read = readAttributes(session, handle, 'secret');
  return deviationsFrom(readableProfile(keyProfile(name, 3).attributes), read).map(({ attribute, found }) =>
    found === null ? `${attribute} is not known to the module` : `${attribute} is not as level 3 wants it`,
  );
}
