import { fc, test as prop } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { dayOf, formatDay, isWithin, overlap, parseDay, periodOf } from '../../src/codes/calendar-day.js';

const DAY_MS = 86_400_000;
const day = fc.integer({ min: parseDay('1900-01-01') as number, max: parseDay('2199-12-31') as number });

describe('days of the calendar in Japan', () => {
  test.each([
    '2026-02-30',
    '2025-02-29',
    '2100-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '2026-4-1',
    '令和8年',
    '',
    ' 2026-04-01',
    '2026-04-01T00:00',
  ])('%j is none', (text) => {
    expect(parseDay(text)).toBeUndefined();
  });

  test('29 February is a day of leap years alone', () => {
    expect(parseDay('2024-02-29')).toBe((parseDay('2024-02-28') as number) + 1);
    expect(parseDay('2000-02-29')).toBe((parseDay('2000-03-01') as number) - 1);
  });

  prop.prop([day])('what is written is read back', (number) => {
    expect(parseDay(formatDay(number))).toBe(number);
  });

  test('a day begins at 00:00 in Japan and ends right before the next one does', () => {
    const midnight = Date.parse('2026-06-14T00:00:00+09:00');
    expect(formatDay(dayOf(midnight - 1))).toBe('2026-06-13');
    expect(formatDay(dayOf(midnight))).toBe('2026-06-14');
    expect(formatDay(dayOf(midnight + DAY_MS - 1))).toBe('2026-06-14');
  });

  prop.prop([day, day, day])(
    'a period holds its first and its last day, and overlaps what it shares a day with',
    (a, b, c) => {
      const [first, last] = [Math.min(a, b), Math.max(a, b)];
      const period = periodOf(formatDay(first), formatDay(last));
      expect(isWithin(period, c)).toBe(first <= c && c <= last);
      expect(overlap(period, periodOf(formatDay(c), formatDay(c)))).toBe(isWithin(period, c));
      expect(overlap(period, periodOf(formatDay(c), undefined))).toBe(last >= c);
      expect(overlap(periodOf(undefined, formatDay(c)), period)).toBe(first <= c);
    },
  );

  test('a moment that is none lies in no period', () => {
    expect(isWithin(periodOf(undefined, undefined), dayOf(Number.NaN))).toBe(false);
  });
});
