import { describe, expect, it } from 'vitest';
import {
  booleanRule,
  checkOptions,
  functionRule,
  integerRule,
  type OptionRule,
  required,
  signalRule,
  textRule,
} from '../../src/errors/options.js';
import { withCode } from '../support/with-code.js';

const RULES = { module: required(textRule), sessions: integerRule(1, 64) };

const check = (options: unknown, rules: Record<string, OptionRule> = RULES) => {
  checkOptions('openThing', options, rules);
};

describe('checkOptions', () => {
  it('lets legal options pass, with and without the optional ones', () => {
    expect(() => check({ module: 'a' })).not.toThrow();
    expect(() => check({ module: 'a', sessions: 64 })).not.toThrow();
    expect(() => check({ module: 'a', sessions: undefined })).not.toThrow();
  });

  it.each([[undefined], [null], ['module'], [7], [['module']]])(
    'refuses %j in place of an object',
    (options) => {
      expect(() => check(options)).toThrow(withCode('OPTION_INVALID', { message: /^openThing: .*object/ }));
    },
  );

  it('refuses an unknown option by its name and lists the known ones', () => {
    expect(() => check({ module: 'a', session: 2 })).toThrow(
      withCode('OPTION_UNKNOWN', {
        message: /^openThing: there is no option "session"; known: module, sessions$/,
      }),
    );
  });

  it.each([
    ['a PIN with a digit first', '1234'],
    ['a resident record code', '24727059608'],
    ['a code of a person', `${'a'.repeat(39)}2b`],
    ['a key in base64', 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA='],
    ['a passphrase', 'correct horse'],
    ['an empty name', ''],
  ])('does not repeat an unknown option that looks like a secret: %s', (_, key) => {
    let message = '';
    try {
      check({ module: 'a', [key]: true });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toBe('openThing: there is no option of that name; known: module, sessions');
  });

  it('takes no option from the prototype for a known one', () => {
    expect(() => check({ module: 'a', constructor: 1 })).toThrow(withCode('OPTION_UNKNOWN'));
    expect(() => check({ module: 'a', toString: 1 })).toThrow(withCode('OPTION_UNKNOWN'));
  });

  it('refuses a missing required option by name', () => {
    expect(() => check({})).toThrow(
      withCode('OPTION_INVALID', { message: /^openThing: option "module" must be a non-empty string$/ }),
    );
  });

  it('says what a wrong value must be and never the value', () => {
    const secret = 'hunter2';
    let message = '';
    try {
      check({ module: 'a', sessions: secret });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toBe('openThing: option "sessions" must be an integer from 1 to 64');
  });
});

describe('each rule', () => {
  const signal = new AbortController().signal;
  it.each<[string, OptionRule, readonly unknown[], readonly unknown[]]>([
    ['integerRule', integerRule(1, 255), [1, 255], [0, 256, 1.5, Number.NaN, '1', null, 1n]],
    ['textRule', textRule, ['a', ' '], ['', 1, null, {}]],
    ['functionRule', functionRule, [() => 1, Date.now], ['f', null, {}]],
    ['booleanRule', booleanRule, [true, false], [0, 'true', null]],
    ['signalRule', signalRule, [signal], [{ aborted: false }, null, new AbortController()]],
  ])('%s tells legal values from others', (_, rule, legal, others) => {
    for (const value of legal) expect(rule.check(value)).toBe(true);
    for (const value of others) expect(rule.check(value)).toBe(false);
    for (const value of others) {
      expect(() => check({ option: value }, { option: rule })).toThrow(withCode('OPTION_INVALID'));
    }
  });

  it('required keeps the rule and adds only that the option must be there', () => {
    const rule = required(booleanRule);
    expect(rule).toEqual({ ...booleanRule, required: true });
    expect(() => check({ flag: undefined }, { flag: rule })).toThrow(withCode('OPTION_INVALID'));
    expect(() => check({ flag: false }, { flag: rule })).not.toThrow();
  });
});
