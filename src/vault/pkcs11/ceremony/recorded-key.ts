import type { AttributeName } from '../attributes.js';
import type { AttributeValue, KeyDescription, ReadAttributes, RefusedAttempt } from '../key-description.js';
import { planKey } from '../key-plan.js';
import type { KeyLevel, ProfileAttribute } from '../key-profile.js';
import type { Deviation, RecordedKey } from './ceremony-record.js';

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
      ...deviations(key.attributes, { ...expected(attributes), ...origin }),
      ...deviations(key.publicHalf?.attributes ?? {}, expected(publicAttributes)),
    ],
    unreadable: attributes.filter(isTemplate).map(({ name }) => name),
    refused,
  };
}

/** A key that is no more, as the token showed it last. */
export function recordDestroyed(key: KeyDescription): RecordedKey {
  return { ...key, outcome: 'destroyed', deviations: [], unreadable: [], refused: [] };
}

/** A template holds pointers of the module's own memory: it can be set through pkcs11js, never read. */
function isTemplate({ value }: ProfileAttribute): boolean {
  return typeof value !== 'boolean' && typeof value[0] === 'object';
}

function expected(attributes: readonly ProfileAttribute[]): ReadAttributes {
  const readable = attributes.filter((attribute) => !isTemplate(attribute));
  return Object.fromEntries(
    readable.map(({ name, value }) => [
      name,
      typeof value === 'boolean' ? value : ([...value] as string[]).sort(),
    ]),
  );
}

function deviations(read: ReadAttributes, wanted: ReadAttributes): Deviation[] {
  return Object.entries(wanted).flatMap(([attribute, value]) => {
    const found = read[attribute as AttributeName] ?? null;
    return sameValue(found, value) ? [] : [{ attribute, expected: value, found }];
  });
}

/** True for equal attributes: lists of mechanisms are sorted when they are read. */
export function sameValue(a: AttributeValue, b: AttributeValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
