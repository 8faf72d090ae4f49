import { isKeptText } from '../bytes/kept-text.js';
import { checkOptions, type OptionRule, required } from '../errors/options.js';
import { type InstitutionCode, parseInstitutionCode } from '../subjects/institution-code.js';
import { checkMoment } from './arguments.js';

/**
 * What became of a request. `forwarded`: the provider was notified (令26条1項). `provider-has-no-code`: it holds no code of
 * the person (同条2項). `not-permitted`: it was refused (同条4項, 番号法21条2項).
 */
export type RecordedOutcome = 'forwarded' | 'provider-has-no-code' | 'not-permitted';

/** What a record says (情報提供等記録ファイルの記録項目), besides its record code, serial number and branch. */
export interface RecordContent {
  /** What became of the request. */
  readonly outcome: RecordedOutcome;
  /** 機関コード of the inquirer. */
  readonly inquirer: InstitutionCode;
  /** 機関コード of the provider. */
  readonly provider: InstitutionCode;
  /** 情報照会者の名称. */
  readonly inquirerName: string;
  /** 部署名 of the inquirer. */
  readonly department: string;
  /** 情報提供者の名称. */
  readonly providerName: string;
  /** 事務名. */
  readonly affair: string;
  /** 事務手続き; an empty text where none was named. */
  readonly procedure: string;
  /** 特定個人情報名. */
  readonly information: string;
  /** 特定個人情報の項目. */
  readonly items: readonly string[];
  /** 提供の求めの日時, in milliseconds since 1970-01-01 UTC. */
  readonly requestedAt: number;
  /** 提供の日時, in milliseconds since 1970-01-01 UTC; undefined while nothing was provided. */
  readonly providedAt?: number;
  /** 不開示該当: whether the record falls under 個人情報保護法78条1項. */
  readonly nonDisclosure: boolean;
  /** 記録事項変更事由; only of a branch that corrects. */
  readonly changeReason?: string;
  /** 番号法21条2項各号該当: why the request was refused; only of `not-permitted`. */
  readonly refusal?: string;
  /** 有効期間: the last moment at which the provider may answer; only of `forwarded`. */
  readonly validUntil?: number;
  /** The record is shown to the person from this moment on. Default: at once. */
  readonly visibleFrom?: number;
}

const MOST_TEXT = 1_000;
const MOST_ITEMS = 1_000;

const textRule = (least: number): OptionRule => ({
  expects: `a text of ${least} to ${MOST_TEXT} characters, well-formed and without U+0000`,
  check: (value) => isText(value, least),
});
/** The rule for a moment. */
export const momentRule: OptionRule = {
  expects: 'a whole number of milliseconds in the years 1 to 9999',
  check: isMoment,
};
const outcomes = ['forwarded', 'provider-has-no-code', 'not-permitted'];

/** The rules for what a record says. */
export const CONTENT_RULES = {
  outcome: required({
    expects: `one of ${outcomes.join(', ')}`,
    check: (value) => outcomes.includes(value as string),
  }),
  inquirer: required(textRule(1)),
  provider: required(textRule(1)),
  inquirerName: required(textRule(1)),
  department: required(textRule(0)),
  providerName: required(textRule(1)),
  affair: required(textRule(1)),
  procedure: required(textRule(0)),
  information: required(textRule(1)),
  items: required({
    expects: `1 to ${MOST_ITEMS} texts`,
    check: (value) =>
      Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= MOST_ITEMS &&
      value.every((item) => isText(item, 1)),
  }),
  requestedAt: required(momentRule),
  providedAt: momentRule,
  nonDisclosure: required({ expects: 'true or false', check: (value) => typeof value === 'boolean' }),
  changeReason: textRule(1),
  refusal: textRule(1),
  validUntil: momentRule,
  visibleFrom: momentRule,
} as const satisfies Readonly<Record<string, OptionRule>>;

function isText(value: unknown, least: number): boolean {
  return isKeptText(value) && value.length >= least && value.length <= MOST_TEXT;
}

function isMoment(value: unknown): boolean {
  try {
    checkMoment('', value as number);
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks what a record is to say.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or `INSTITUTION_CODE_INVALID`
 */
export function checkContent(content: RecordContent): void {
  checkOptions('record', content, CONTENT_RULES);
  parseInstitutionCode(content.inquirer);
  parseInstitutionCode(content.provider);
}
