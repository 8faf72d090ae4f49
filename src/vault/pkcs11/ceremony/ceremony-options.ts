import { checkOptions, functionRule, type OptionRule, required } from '../../../errors/options.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { type OperationLog, operationLogRule } from '../../../lifecycle/operation-log.js';
import type { KeyLevel } from '../key-profile.js';
import { checkToken, type PinCallback, TOKEN_RULES, type TokenOptions } from '../options.js';

/** Options of every ceremony that leaves a record. */
export interface CeremonyOptions extends TokenOptions {
  /** Who is there: security officer, user, witnesses. At least one, each 1 to 100 printable characters. */
  readonly who: readonly string[];
  /**
   * Where the ceremony is written down, before it and after; without the names of those who are there. What cannot be
   * written down before does not happen; where it cannot be after, its record is given all the same. Default: nowhere.
   */
  readonly log?: OperationLog;
  /** The clock of the record. Default: this machine's. */
  readonly now?: () => Date;
}

/** Options of the ceremonies that make keys. */
export interface MakingOptions extends CeremonyOptions {
  /** Level the keys are made for. */
  readonly level: KeyLevel;
  /** Gives the security officer's PIN: needed for audience keys of level 3. */
  readonly soPin?: PinCallback;
}

const MOST_CHARACTERS = 100;

const CEREMONY_RULES: Record<string, OptionRule> = {
  ...TOKEN_RULES,
  who: required({
    expects: `an array of one name or more, each of 1 to ${MOST_CHARACTERS} printable characters`,
    check: (value) => Array.isArray(value) && value.length > 0 && value.every(isName),
  }),
  log: operationLogRule,
  now: functionRule,
};

const MAKING_RULES: Record<string, OptionRule> = {
  ...CEREMONY_RULES,
  soPin: functionRule,
  level: required({ expects: '1, 2 or 3', check: (value) => value === 1 || value === 2 || value === 3 }),
};

/** Neither control characters nor halves of surrogate pairs: the record is printed, and signed as UTF-8. */
function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MOST_CHARACTERS && /^\P{C}+$/u.test(value);
}

/** Checks the options of a ceremony and of what it does. */
export function checkCeremony(
  what: string,
  options: CeremonyOptions,
  own: Record<string, OptionRule> = {},
): void {
  checkOptions(what, options, { ...CEREMONY_RULES, ...own });
  checkToken(what, options.token);
}

/** Checks the options of a ceremony that makes keys. */
export function checkMaking(
  what: string,
  options: MakingOptions,
  own: Record<string, OptionRule> = {},
): void {
  checkOptions(what, options, { ...MAKING_RULES, ...own });
  checkToken(what, options.token);
  if (options.level === 3 && options.soPin === undefined) {
    throw new RenkeiError('OPTION_INVALID', `${what}: keys of level 3 need the option "soPin"`);
  }
}
