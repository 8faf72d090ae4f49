import { describe, expect, it } from 'vitest';
import { loadMoment, onlineMoment } from '../../src/issuance/issued-at.js';

describe('発行日時: a bulk load knows its own rows, since no online issuance ever writes its moment', () => {
  it('online an even millisecond, less than two away', () => {
    for (let now = 1_000_000; now < 1_002_000; now++) {
      const moment = onlineMoment(now);
      expect(moment % 2).toBe(0);
      expect(now - moment).toBeLessThan(2);
    }
  });

  it('of a load an odd millisecond of the same second, not always the same', () => {
    const moments = Array.from({ length: 200 }, () => loadMoment(1_000_999));
    for (const moment of moments) {
      expect(moment % 2).toBe(1);
      expect(Math.floor(moment / 1_000)).toBe(1_000);
    }
    expect(new Set(moments).size).toBeGreaterThan(50);
  });
});
