import { expect, test } from 'vitest';
import { loadRows } from '../../bench/issuance.js';
import { readBenchOptions } from '../../bench/options.js';

const rows = (...args: string[]) => loadRows(readBenchOptions(args, {}));

test('how many residents are loaded: a hundred million and twenty, fewer in a quick run, or as many as asked for', () => {
  expect(rows()).toEqual({ sqlite: 100_000_000, postgres: 20_000_000 });
  expect(rows('--quick')).toEqual({ sqlite: 2_000_000, postgres: 500_000 });
  expect(rows('--only', 'issue', '--rows', '50000000')).toEqual({ sqlite: 50_000_000, postgres: 20_000_000 });
  expect(rows('--quick', '--only', 'issue', '--rows', '5000000')).toEqual({ sqlite: 5e6, postgres: 5e6 });
  expect(rows('--only', 'issue', '--rows', '5000000', '--postgres-rows', '10000')).toEqual({
    sqlite: 5_000_000,
    postgres: 10_000,
  });
});
