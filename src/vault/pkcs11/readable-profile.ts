import type { AttributeName } from './attributes.js';
import type { AttributeValue, ReadAttributes } from './key-description.js';
import type { ProfileAttribute } from './key-profile.js';

/** A template holds pointers of the module's own memory: it can be set through pkcs11js, never read. */
export function isTemplate({ value }: ProfileAttribute): boolean {
  return typeof value !== 'boolean' && typeof value[0] === 'object';
}

/** What a key of a profile shows when its attributes are read, but for templates. */
export function readableProfile(attributes: readonly ProfileAttribute[]): ReadAttributes {
  return Object.fromEntries(
    attributes
      .filter((attribute) => !isTemplate(attribute))
      .map(({ name, value }) => [name, typeof value === 'boolean' ? value : ([...value] as string[]).sort()]),
  );
}

/** An attribute that is not as the profile wants it. */
export interface Deviation {
  /** The attribute's standard name. */
  readonly attribute: string;
  /** What the profile wants. */
  readonly expected: AttributeValue;
  /** What the module answered; `null` when it does not know the attribute. */
  readonly found: AttributeValue;
}

/** The attributes that are not as wanted. */
export function deviationsFrom(wanted: ReadAttributes, read: ReadAttributes): Deviation[] {
  return (Object.entries(wanted) as [AttributeName, AttributeValue][]).flatMap(([attribute, expected]) => {
    const found = read[attribute] ?? null;
    return sameValue(found, expected) ? [] : [{ attribute, expected, found }];
  });
}

/** True for equal attributes: lists of mechanisms are sorted when they are read. */
export function sameValue(a: AttributeValue, b: AttributeValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
