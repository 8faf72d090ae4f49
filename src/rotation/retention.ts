import { inJapan, JAPAN_AHEAD_MS } from '../codes/japan-time.js';
import { RenkeiError } from '../errors/renkei-error.js';

/** Years for which the records of a period are kept after its end (情報提供等の記録の保存期間). */
export const RETENTION_YEARS = 7;

/**
 * End of a record period that is named after a Japanese fiscal year (年度): 1 April of the next year in Japan.
 *
 * @throws RenkeiError `OPTION_INVALID` for another name
 */
export function endOfPeriod(period: string): number {
  if (/^[0-9]{4}$/.test(period)) return Date.UTC(Number(period) + 1, 3, 1) - JAPAN_AHEAD_MS;
  throw new RenkeiError(
    'OPTION_INVALID',
    `record period ${period} is not named after a fiscal year: option "endedAt" must say when it ends`,
  );
}

/** The moment from which on records of a period that ended then may be erased. */
export function endOfRetention(endedAt: number): number {
  const date = inJapan(endedAt);
  return date.setUTCFullYear(date.getUTCFullYear() + RETENTION_YEARS) - JAPAN_AHEAD_MS;
}
