import { parseKeyName } from '../codes/key-names.js';
import { integerRule } from '../errors/options.js';

/** What the members of signed JSON must be. */
export type Check = (value: unknown) => boolean;
/** Checks by the name of the member. */
export type MemberChecks = Readonly<Record<string, Check>>;

/** Lower-case hex of so many digits. */
export function hex(digits: number): Check {
  return text(new RegExp(`^[0-9a-f]{${digits}}$`));
}

/** Text of a form. */
export function text(form: RegExp): Check {
  return (value) => typeof value === 'string' && form.test(value);
}

/** An integer in a closed range. */
export function integer(least: number, most: number): Check {
  return integerRule(least, most).check;
}

/** One of these values. */
export function oneOf(...values: readonly unknown[]): Check {
  return (value) => values.includes(value);
}

/** The name of a key; of one kind where it is given. */
export function keyName(kind?: string): Check {
  return (value) => {
    try {
      const parsed = parseKeyName(value as string);
      return kind === undefined || parsed.kind === kind;
    } catch {
      return false;
    }
  };
}

/** A moment as ISO 8601 in UTC, to the millisecond. */
export const isMoment: Check = (value) => {
  if (typeof value !== 'string') return false;
  const moment = new Date(value);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === value;
};

/** Nothing, or what passes a check. */
export function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

/** A list whose every entry passes. */
export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** An object with these members and no others. */
export function members(checks: MemberChecks): Check {
  return (value) => typeof value === 'object' && value !== null && wrongMember(value, checks) === undefined;
}

/** Name of a member that is missing, not as it must be, or one too many. */
export function wrongMember(value: object, checks: MemberChecks): string | undefined {
  const given = value as Readonly<Record<string, unknown>>;
  const name = Object.keys(checks).find((key) => !checks[key]?.(given[key]));
  if (name !== undefined) return name;
  const isKnown = (key: string) => Object.hasOwn(checks, key) || given[key] === undefined;
  return Object.keys(given).every(isKnown) ? undefined : 'a member that is not known';
}
