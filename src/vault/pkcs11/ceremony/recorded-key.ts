import type { KeyDescription, ReadAttributes, RefusedAttempt } from '../key-description.js';
import { planKey } from '../key-plan.js';
import type { KeyLevel } from '../key-profile.js';
import { deviationsFrom, isTemplate, readableProfile } from '../readable-profile.js';
import type { RecordedKey } from './ceremony-record.js';

/** What a key that was generated on the token says of its origin. */
const GENERATED: ReadAttributes = {
  CKA_LOCAL: true,
  CKA_ALWAYS_SENSITIVE: true,
  CKA_NEVER_EXTRACTABLE: true,
};

/** A key as it goes into the record: as the token shows it, beside what it should be at a level. */
export function recordKey(
  key: KeyDescription,
  outcome: Exclude<RecordedKey['outcome'], 'destroyed'>,
  level: KeyLevel,
  refused: readonly RefusedAttempt[] = [],
): RecordedKey {
  const { attributes, publicAttributes = [], mechanism } = planKey(key.name, level);
  const origin: ReadAttributes = { ...GENERATED, CKA_KEY_GEN_MECHANISM: mechanism };
  return {
    ...key,
    outcome,
    deviations: [
      ...deviationsFrom({ ...readableProfile(attributes), ...origin }, key.attributes),
      ...deviationsFrom(readableProfile(publicAttributes), key.publicHalf?.attributes ?? {}),
    ],
    unreadable: attributes.filter(isTemplate).map(({ name }) => name),
    refused,
  };
}

/** A key that is no more, as the token showed it last. */
export function recordDestroyed(key: KeyDescription): RecordedKey {
  return { ...key, outcome: 'destroyed', deviations: [], unreadable: [], refused: [] };
}
