import { describe, expect, test } from 'vitest';
import { fitToDisk, freeMib } from '../../bench/disk-room.js';

describe('a load is no larger than the disk has room for', () => {
  test('room enough: the load that was asked for, and no remark', () => {
    expect(fitToDisk('issue.x', 100_000_000, 300, 40_000)).toEqual({ rows: 100_000_000 });
  });

  test('too little: as many as fit, and the results say so', () => {
    expect(fitToDisk('issue.x', 100_000_000, 300, 20_048)).toEqual({
      rows: 60_000_000,
      remark: 'issue.x: 60,000,000 rows instead of 100,000,000: 300 MiB a million rows, 20048 MiB free',
    });
  });

  test('a full disk: refused before anything is written', () => {
    expect(() => fitToDisk('issue.x', 100_000_000, 300, 2_049)).toThrow('2049 MiB free are too few');
    expect(() => fitToDisk('issue.x', 100_000_000, 300, 0)).toThrow('too few');
  });

  test('the free space is that of the temporary folder', () => {
    expect(freeMib()).toBeGreaterThan(0);
  });
});
