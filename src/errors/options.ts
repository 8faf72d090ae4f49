import { RenkeiError } from './renkei-error.js';

type Check = (value: unknown) => boolean;

/** One option's rule: what a legal value is, in words for the error and as a test. */
export interface OptionRule {
  readonly required?: boolean;
  readonly expects: string;
  readonly check: Check;
}

/**
 * Checks a plain options object against its rules: an unknown key is refused by name, a wrong value is refused with
 * the name and what was expected, never with the value.
 *
 * @throws RenkeiError `OPTION_UNKNOWN` or `OPTION_INVALID`
 */
export function checkOptions(what: string, options: unknown, rules: Record<string, OptionRule>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RenkeiError('OPTION_INVALID', `${what}: options must be an object`);
  }
  for (const key of Object.keys(options)) {
    if (Object.hasOwn(rules, key)) continue;
    const known = Object.keys(rules).sort().join(', ');
    throw new RenkeiError('OPTION_UNKNOWN', `${what}: there is no option ${printable(key)}; known: ${known}`);
  }
  for (const [key, rule] of Object.entries(rules)) {
    const value = (options as Record<string, unknown>)[key];
    if (value === undefined ? rule.required === true : !rule.check(value)) {
      throw new RenkeiError('OPTION_INVALID', `${what}: option "${key}" must be ${rule.expects}`);
    }
  }
}

/**
 * A key typed by hand may be anything, even a secret put in the wrong place. Only what looks like an option is
 * repeated: a few letters. Digits, and the 40 characters of an institution's code, are not.
 */
function printable(key: string): string {
  return /^[A-Za-z]{1,24}$/.test(key) ? `"${key}"` : 'of that name';
}

/** A rule for an integer in a closed range. */
export function integerRule(least: number, most: number): OptionRule {
  return {
    expects: `an integer from ${least} to ${most}`,
    check: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  };
}

/** The rule for a non-empty string. */
export const textRule: OptionRule = {
  expects: 'a non-empty string',
  check: (value) => typeof value === 'string' && value !== '',
};

/** The rule for a function. */
export const functionRule: OptionRule = {
  expects: 'a function',
  check: (value) => typeof value === 'function',
};

/** The rule for a boolean. */
export const booleanRule: OptionRule = {
  expects: 'true or false',
  check: (value) => typeof value === 'boolean',
};

/** A rule for an object, such as a store: it is told apart by its methods only when they are called. */
export function objectRule(expects: string): OptionRule {
  return { expects, check: (value) => typeof value === 'object' && value !== null };
}

/** The rule for an `AbortSignal`. */
export const signalRule: OptionRule = {
  expects: 'an AbortSignal',
  check: (value) => value instanceof AbortSignal,
};

/** The same rule for an option that must be there. */
export function required(rule: OptionRule): OptionRule {
  return { ...rule, required: true };
}
