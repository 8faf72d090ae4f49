import { isKeptText } from '../bytes/kept-text.js';
import { type OptionRule, required } from '../errors/options.js';

/** On whose request something is done with records, and who does it. Both stand in the operation log. */
export interface OnBehalf {
  /**
   * Who does it: name of the officer, or of the system (such as 情報提供等記録開示システム). 1 to 100 characters; not the
   * person whose records they are.
   */
  readonly who: string;
  /** 受付番号 of the request: 1 to 64 of A–Z, a–z, 0–9, hyphen, dot and slash. */
  readonly receiptNumber: string;
}

/** Without control characters: it is shown on terminals. */
const LINE = /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u;
/** 11 or 12 digits may be a resident record code or an Individual Number, which must not get into a log. */
const PERSONAL_NUMBER = /(?<![0-9])[0-9]{11,12}(?![0-9])/;
/** An institution's code of a person. */
const CODE_OF_A_PERSON = /[a-z2-7]{40}/;

function isHarmless(value: string): boolean {
  return !PERSONAL_NUMBER.test(value) && !CODE_OF_A_PERSON.test(value);
}

/** The rules of the members of {@link OnBehalf}. */
export const ON_BEHALF_RULES: Readonly<Record<keyof OnBehalf, OptionRule>> = {
  who: required({
    expects:
      'a line of 1 to 100 characters, without a number of 11 or 12 digits and without a code of a person',
    check: (value) => isKeptText(value) && LINE.test(value) && isHarmless(value),
  }),
  receiptNumber: required({
    expects: '1 to 64 of A-Z, a-z, 0-9, hyphen, dot and slash, without a number of 11 or 12 digits',
    check: (value) => typeof value === 'string' && /^[A-Za-z0-9./-]{1,64}$/.test(value) && isHarmless(value),
  }),
};

/** What the operation log says of it. */
export function behalfDetails({ who, receiptNumber }: OnBehalf): {
  readonly who: string;
  readonly receipt: string;
} {
  return { who, receipt: receiptNumber };
}
