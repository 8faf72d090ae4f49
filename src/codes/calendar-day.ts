import type { OptionRule } from '../errors/options.js';
import { JAPAN_AHEAD_MS } from './japan-time.js';

const DAY_MS = 86_400_000;

/** Before and after every day that a file can name. Integers of 31 bits are compared faster than infinities. */
const NO_FIRST = -(2 ** 30);
const NO_LAST = 2 ** 30 - 1;

/** Days that follow each other, first and last included, as days since 1970-01-01. */
export interface Period {
  readonly first: number;
  readonly last: number;
}

/** A day as files write it, `2026-06-14`, in days since 1970-01-01; undefined for one that no calendar has. */
export function parseDay(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const moment = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(moment) || formatDay(moment / DAY_MS) !== text) return undefined;
  return moment / DAY_MS;
}

/** A day in days since 1970-01-01, as `2026-06-14`. */
export function formatDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The day in Japan, whose days begin at 00:00 JST, of a moment in milliseconds since 1970-01-01 UTC. */
export function dayOf(moment: number): number {
  return Math.floor((moment + JAPAN_AHEAD_MS) / DAY_MS);
}

/** The moment at which a day begins in Japan, in milliseconds since 1970-01-01 UTC. */
export function startOfDay(day: number): number {
  return day * DAY_MS - JAPAN_AHEAD_MS;
}

/** The period between two days of a file, each of which may be missing. */
export function periodOf(from: string | undefined, to: string | undefined): Period {
  return {
    first: (from === undefined ? undefined : parseDay(from)) ?? NO_FIRST,
    last: (to === undefined ? undefined : parseDay(to)) ?? NO_LAST,
  };
}

/** True when a day lies in a period; never for what is no day. */
export function isWithin({ first, last }: Period, day: number): boolean {
  return first <= day && day <= last;
}

/** True when two periods have a day in common. */
export function overlap(a: Period, b: Period): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** The rule for a day given as an option. */
export const dayRule: OptionRule = {
  expects: 'a day of the calendar, such as 2026-06-14',
  check: (value) => typeof value === 'string' && parseDay(value) !== undefined,
};
