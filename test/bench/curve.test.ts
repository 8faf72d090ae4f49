import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { axisTo } from '../../bench/axis.js';
import { curvesOf, drawCurves, type NamedCurve } from '../../bench/curve.js';
import { sketchCurves } from '../../bench/sketch.js';

const point = fc.record({
  rows: fc.integer({ min: 1, max: 125_000_000 }),
  rate: fc.integer({ min: 1, max: 5e6 }),
});
const points = fc
  .uniqueArray(point, { minLength: 1, maxLength: 50, selector: ({ rows }) => rows })
  .map((list) => list.sort((a, b) => a.rows - b.rows));
const curves = fc.tuple(points, points).map(([one, two]): NamedCurve[] => [
  { name: 'SQLite', points: one },
  { name: 'PostgreSQL', points: two },
]);

/** Where a picture has the points of its n-th curve. */
function placesIn(picture: string, n: number): { x: number; y: number }[] {
  const group = [...picture.matchAll(/<g class="curve"[\s\S]*?<\/g>/g)][n]?.[0] ?? '';
  return n === 0
    ? [...group.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => ({
        x: Number(x),
        y: Number(y),
      }))
    : [...group.matchAll(/<rect x="([\d.]+)" y="([\d.]+)"/g)].map(([, x, y]) => ({
        x: Number(x) + 2.5,
        y: Number(y) + 2.5,
      }));
}

describe('the picture of the curves', () => {
  property.prop([curves])(
    'has every point; more rows are farther right, a higher rate is farther up',
    (all) => {
      const picture = drawCurves(all);
      all.forEach(({ points }, n) => {
        const places = placesIn(picture, n);
        expect(places).toHaveLength(points.length);
        places.forEach((place, k) => {
          const before = places[k - 1];
          if (before !== undefined) expect(place.x).toBeGreaterThanOrEqual(before.x);
          places.forEach((other, m) => {
            if ((points[k]?.rate ?? 0) > (points[m]?.rate ?? 0))
              expect(place.y).toBeLessThanOrEqual(other.y + 0.01);
          });
        });
      });
    },
  );

  property.prop([curves])('lies inside its frame', (all) => {
    for (const n of [0, 1]) {
      for (const { x, y } of placesIn(drawCurves(all), n)) {
        expect(x).toBeGreaterThanOrEqual(84);
        expect(x).toBeLessThanOrEqual(832);
        expect(y).toBeGreaterThanOrEqual(92);
        expect(y).toBeLessThanOrEqual(376.01);
      }
    }
  });

  test('says in words what it shows, names its stores and its axes, and writes thousands apart', () => {
    const picture = drawCurves([
      { name: 'SQLite', points: [{ rows: 2_000_000, rate: 1_200_000 }] },
      { name: 'a & <b>', points: [{ rows: 1_000_000, rate: 150_000 }] },
    ]);
    expect(picture).toContain('<title id="title">Bulk load: rate of storing against rows stored</title>');
    expect(picture).toContain('SQLite: 2,000,000 rows, stored at 1,200,000 to 1,200,000 a second.');
    expect(picture).toContain('>a &amp; &lt;b&gt;</text>');
    expect(picture).toContain('>1,200</text>');
    expect(picture).toContain('>rows stored, in millions</text>');
    expect(picture).toContain('>rows a second, in thousands</text>');
  });

  test('is not drawn of nothing', () => {
    expect(() => drawCurves([])).toThrow('no curve');
  });

  test('takes the curves of a report by the names of their stores, and no row without one', () => {
    const curve = [{ rows: 1, rate: 1 }];
    const results = [
      { name: 'issue.memory', unit: 'residents/s', rate: 1 },
      { name: 'issue.sqlite-bulk', unit: 'residents/s', rate: 1, curve },
      { name: 'issue.postgres-bulk', unit: 'residents/s', rate: 1, curve },
    ];
    const named = curvesOf({ machine: '', module: '', results });
    expect(named).toEqual([
      { name: 'SQLite', points: curve },
      { name: 'PostgreSQL', points: curve },
    ]);
  });
});

describe('an axis', () => {
  property.prop([fc.double({ min: 1, max: 1e9, noNaN: true })])(
    'reaches the value in at most eight equal steps',
    (value) => {
      const { end, marks } = axisTo(value);
      expect(end).toBeGreaterThanOrEqual(value);
      expect(marks.at(-1)).toBe(end);
      expect(marks.at(-2)).toBeLessThan(value);
      expect(marks.length).toBeLessThanOrEqual(9);
      expect(marks.length).toBeGreaterThanOrEqual(4);
    },
  );

  test('has round marks', () => {
    expect(axisTo(950_000).marks).toEqual([0, 200_000, 400_000, 600_000, 800_000, 1_000_000]);
    expect(axisTo(100).marks).toEqual([0, 20, 40, 60, 80, 100]);
  });
});

describe('the sketch in letters', () => {
  property.prop([points])('has a mark for every column that has a point, and no other', (one) => {
    const end = axisTo(one.at(-1)?.rows ?? 0).end;
    const columns = new Set(one.map(({ rows }) => Math.round((rows / end) * 72)));
    const grid = sketchCurves([{ name: 'SQLite', points: one }])
      .split('\n')
      .slice(1, -2)
      .map((line) => line.slice(line.indexOf('|') + 1));
    const marked = new Set(grid.flatMap((line) => [...line].flatMap((cell, n) => (cell === 'o' ? [n] : []))));
    expect([...marked].sort()).toEqual([...columns].sort());
  });

  test('names its curves and its ends', () => {
    const sketch = sketchCurves([
      { name: 'SQLite', points: [{ rows: 20_000_000, rate: 900_000 }] },
      { name: 'PostgreSQL', points: [{ rows: 20_000_000, rate: 180_000 }] },
    ]);
    expect(sketch).toContain('o SQLite   + PostgreSQL');
    expect(sketch).toContain('1,000,000 |');
    expect(sketch).toContain('20,000,000 rows');
  });
});
