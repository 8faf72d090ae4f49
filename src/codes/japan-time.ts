/** Japan is nine hours ahead of UTC all year. */
export const JAPAN_AHEAD_MS = 9 * 3_600_000;

/** A moment, in milliseconds since 1970-01-01 UTC, as a date whose UTC fields are those of Japan. */
export function inJapan(moment: number): Date {
  return new Date(moment + JAPAN_AHEAD_MS);
}

/** The day in Japan at a moment in milliseconds since 1970-01-01 UTC, as `2026-04-01`. */
export function dayInJapan(moment: number): string {
  return inJapan(moment).toISOString().slice(0, 10);
}
