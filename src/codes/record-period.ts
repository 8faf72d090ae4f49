const TOKYO_OFFSET_MS = 9 * 3_600_000;

/**
 * The default record period of a moment: the Japanese fiscal year (年度, April to March, Japan Standard Time), such
 * as `2026` for 2026-04-01 to 2027-03-31.
 */
export function fiscalYear(moment: Date): string {
  const tokyo = new Date(moment.getTime() + TOKYO_OFFSET_MS);
  const year = tokyo.getUTCFullYear();
  return String(tokyo.getUTCMonth() >= 3 ? year : year - 1);
}
