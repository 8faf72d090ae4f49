import { randomInt } from 'node:crypto';

/**
 * 発行日時 of codes issued online: an even millisecond. The odd ones are left to bulk loads, which know their own rows by
 * the moment that stands in them.
 *
 * @param now milliseconds since 1970-01-01 UTC
 */
export function onlineMoment(now: number): number {
  return Math.floor(now / 2) * 2;
}

/**
 * 発行日時 of all codes of one bulk load: an odd millisecond of the second in which it began, drawn at random, so that
 * two loads that begin together hardly ever share one.
 *
 * @param now milliseconds since 1970-01-01 UTC
 */
export function loadMoment(now: number): number {
  return Math.floor(now / 1_000) * 1_000 + randomInt(500) * 2 + 1;
}
