import { dayInJapan } from '../../codes/japan-time.js';
import { recordAudience } from '../../codes/key-names.js';
import { checkOptions, type OptionRule } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';
import type { Branches } from '../every-record.js';

/** Which records are extracted. Each member that is given must hold; none: all records. */
export interface ExtractionFilter {
  /** Record period. */
  readonly period?: string;
  /** First day in Japan of 提供の求めの日時, such as `2026-07-01`. */
  readonly fromDay?: string;
  /** Last such day, which is extracted too. */
  readonly toDay?: string;
  /** 機関コード of the inquirer. */
  readonly inquirer?: string;
  /** 機関コード of the provider. */
  readonly provider?: string;
}

const text: OptionRule = { expects: 'a text', check: (value) => typeof value === 'string' };
const day: OptionRule = { expects: 'a day such as 2026-07-01', check: isDay };

function isDay(value: unknown): boolean {
  if (typeof value !== 'string' || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value)) return false;
  const moment = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(value);
}

/**
 * @throws RenkeiError an option error, `RECORD_PERIOD_INVALID` or `INSTITUTION_CODE_INVALID`
 */
export function checkFilter(filter: ExtractionFilter): void {
  const rules = { period: text, fromDay: day, toDay: day, inquirer: text, provider: text };
  checkOptions('extraction: filter', filter, rules);
  const { period, fromDay, toDay, inquirer, provider } = filter;
  if (period !== undefined) recordAudience(period);
  if (inquirer !== undefined) parseInstitutionCode(inquirer);
  if (provider !== undefined) parseInstitutionCode(provider);
  if (fromDay !== undefined && toDay !== undefined && toDay < fromDay) {
    throw new RenkeiError('OPTION_INVALID', 'extraction: filter: "toDay" must not be before "fromDay"');
  }
}

/** Whether a record is to be extracted, by what holds of it now. */
export function isWanted(branches: Branches, filter: ExtractionFilter): boolean {
  const last = branches.at(-1) ?? branches[0];
  const { inquirer, provider, requestedAt } = last.content;
  const requestedOn = dayInJapan(requestedAt);
  const is = (wanted: string | undefined, value: InstitutionCode | string) =>
    wanted === undefined || wanted === value;
  return (
    is(filter.period, last.period) &&
    is(filter.inquirer, inquirer) &&
    is(filter.provider, provider) &&
    (filter.fromDay ?? '') <= requestedOn &&
    requestedOn <= (filter.toDay ?? '9999-12-31')
  );
}
