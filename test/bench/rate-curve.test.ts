import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { RateCurve } from '../../bench/rate-curve.js';

/** A load of a million rows in steps, each at its own rate. */
function load(total: number, steps: readonly { readonly rows: number; readonly rate: number }[]): RateCurve {
  const curve = new RateCurve(total, 1_000);
  let rows = 0;
  let ms = 1_000;
  for (const step of steps) {
    rows += step.rows;
    ms += (step.rows / step.rate) * 1_000;
    curve.report(rows, ms);
  }
  return curve;
}

const even = (steps: number, rateOf: (n: number) => number) =>
  Array.from({ length: steps }, (_, n) => ({ rows: 10_000, rate: rateOf(n) }));

describe('the curve of a load', () => {
  test('has a point for each fiftieth of the rows', () => {
    const points = load(
      1_000_000,
      even(100, () => 500_000),
    ).points();
    expect(points.map(({ rows }) => rows)).toEqual(Array.from({ length: 50 }, (_, n) => (n + 1) * 20_000));
    for (const { rate } of points) expect(rate).toBeCloseTo(500_000);
  });

  test('has a point for each report where these are farther apart', () => {
    const points = load(
      100_000,
      even(10, () => 500_000),
    ).points();
    expect(points.map(({ rows }) => rows)).toEqual(Array.from({ length: 10 }, (_, n) => (n + 1) * 10_000));
  });

  test('has no point for a few rows at the end: they belong to the one before', () => {
    const steps = [
      ...even(10, () => 500_000).slice(1),
      { rows: 9_500, rate: 500_000 },
      { rows: 500, rate: 1_000 },
    ];
    const points = load(100_000, steps).points();
    expect(points.map(({ rows }) => rows)).toEqual(
      [10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((n) => n * 1_000),
    );
    expect(points.at(-1)?.rate).toBeCloseTo(10_000 / 0.519);
  });

  test('shows a load that slows down, tenth against tenth', () => {
    const curve = load(
      1_000_000,
      even(100, (n) => 500_000 - n * 4_000),
    );
    const rates = curve.points().map(({ rate }) => rate);
    expect(rates).toEqual([...rates].sort((a, b) => b - a));
    // Of ten equal steps each: the harmonic means of 500 to 464 and of 140 to 104 thousand.
    expect(curve.lastTenthOverFirst()).toBeCloseTo(0.251, 3);
  });

  property.prop([
    fc.array(
      fc.record({ rows: fc.integer({ min: 1, max: 9_999 }), rate: fc.integer({ min: 1, max: 1e6 }) }),
      {
        minLength: 1,
        maxLength: 200,
      },
    ),
  ])('loses no row and no time: slices together are the load', (steps) => {
    const total = steps.reduce((sum, { rows }) => sum + rows, 0);
    const points = load(total, steps).points();
    expect(points.length).toBeLessThanOrEqual(50);
    expect(points.at(-1)?.rows).toBe(total);
    const seconds = points.reduce(
      (sum, { rows, rate }, n) => sum + (rows - (points[n - 1]?.rows ?? 0)) / rate,
      0,
    );
    expect(seconds).toBeCloseTo(
      steps.reduce((sum, { rows, rate }) => sum + rows / rate, 0),
      6,
    );
  });
});
