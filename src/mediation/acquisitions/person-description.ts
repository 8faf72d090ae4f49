import { isKeptText } from '../../bytes/kept-text.js';
import { dayRule } from '../../codes/calendar-day.js';
import { checkOptions, type OptionRule, required } from '../../errors/options.js';

/** By which a provider that holds no code of a person finds out who it is (令26条3項). */
export interface PersonDescription {
  /** 氏名. */
  readonly name: string;
  /** 生年月日, such as `1970-01-31`. */
  readonly birthDate: string;
  /** 性別, in the inquirer's words. */
  readonly sex: string;
  /** 住所. */
  readonly address: string;
}

const partRule: OptionRule = required({
  expects: 'a text of 1 to 1000 characters, well-formed and without U+0000',
  check: (value) => isKeptText(value) && value.length >= 1 && value.length <= 1_000,
});
const PERSON_RULES = {
  name: partRule,
  birthDate: required(dayRule),
  sex: partRule,
  address: partRule,
};

/**
 * Checks a description and copies it.
 *
 * @throws RenkeiError `OPTION_UNKNOWN` or `OPTION_INVALID`, without a word of it
 */
export function checkPerson(person: PersonDescription): PersonDescription {
  checkOptions('person', person, PERSON_RULES);
  const { name, birthDate, sex, address } = person;
  return { name, birthDate, sex, address };
}
