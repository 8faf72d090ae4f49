import { dayOf, startOfDay } from '../codes/calendar-day.js';

/**
 * 有効期間: the last moment at which a provider may answer a notice: the last millisecond of the n-th day in Japan after
 * that of the request. When that day has passed, the notice has lapsed (命令85 41条3項).
 *
 * @param requestedAt milliseconds since 1970-01-01 UTC
 */
export function validUntil(requestedAt: number, validityDays: number): number {
  return startOfDay(dayOf(requestedAt) + validityDays + 1) - 1;
}
