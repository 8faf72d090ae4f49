import { inJapan } from './japan-time.js';

/**
 * The default record period of a moment: the Japanese fiscal year (年度, April to March, Japan Standard Time), such
 * as `2026` for 2026-04-01 to 2027-03-31.
 */
export function fiscalYear(moment: Date): string {
  const date = inJapan(moment.getTime());
  const year = date.getUTCFullYear();
  return String(date.getUTCMonth() >= 3 ? year : year - 1);
}
