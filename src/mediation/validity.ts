import { JAPAN_AHEAD_MS } from '../codes/japan-time.js';

const DAY_MS = 86_400_000;

/**
 * 有効期間: the last moment at which a provider may answer a notice: the last millisecond of the n-th day in Japan after
 * that of the request. When that day has passed, the notice has lapsed (命令85 41条3項).
 *
 * @param requestedAt milliseconds since 1970-01-01 UTC
 */
export function validUntil(requestedAt: number, validityDays: number): number {
  const day = Math.floor((requestedAt + JAPAN_AHEAD_MS) / DAY_MS);
  return (day + validityDays + 1) * DAY_MS - JAPAN_AHEAD_MS - 1;
}
