import { describe, expect, it } from 'vitest';
import { fiscalYear } from '../../src/codes/record-period.js';

describe('fiscalYear (年度: April to March, Japan Standard Time)', () => {
  it.each([
    ['2026-04-01T00:00:00.000+09:00', '2026'],
    ['2026-03-31T23:59:59.999+09:00', '2025'],
    ['2026-03-31T15:00:00.000Z', '2026'],
    ['2026-03-31T14:59:59.999Z', '2025'],
    ['2026-12-31T23:59:59.999+09:00', '2026'],
    ['2027-01-01T00:00:00.000+09:00', '2026'],
    ['2027-03-31T23:59:59.999+09:00', '2026'],
    ['2027-04-01T00:00:00.000+09:00', '2027'],
    ['2028-02-29T12:00:00.000+09:00', '2027'],
  ])('%s lies in %s', (moment, year) => {
    expect(fiscalYear(new Date(moment))).toBe(year);
  });

  it('does not depend on the time zone of the machine', () => {
    const before = process.env.TZ;
    try {
      for (const zone of ['Pacific/Kiritimati', 'Asia/Tokyo', 'UTC', 'America/Los_Angeles']) {
        process.env.TZ = zone;
        expect(fiscalYear(new Date('2026-03-31T14:59:59.999Z'))).toBe('2025');
        expect(fiscalYear(new Date('2026-03-31T15:00:00.000Z'))).toBe('2026');
      }
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
});
