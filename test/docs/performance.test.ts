import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type BenchReport, formatFigure } from '../../bench/results.js';

const page = readFileSync('docs/performance.md', 'utf8');
const [, path] = /\((\.\.\/bench\/results\/[\w.-]+\.json)\)/.exec(page) ?? [];
const report = JSON.parse(
  readFileSync(new URL(path ?? '', `file://${process.cwd()}/docs/`), 'utf8'),
) as BenchReport;

/** Rows of the table of figures: `| name | rate | limit | ratio | peak |`. */
const quoted = [...page.matchAll(/^\| `([a-z0-9.-]+)` +\| ([^|]+) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|/gm)]
  .map((row) => row.slice(1).map((cell) => cell.trim()))
  // The table before it, of what the rows mean, has fewer columns.
  .filter((row) => row.length === 5);

const figure = (value: number | undefined) => (value === undefined ? '' : formatFigure(value));

describe('docs/performance.md quotes its results file', () => {
  test('the machine and the module', () => {
    expect(page).toContain(report.machine);
    expect(page).toContain(report.module);
  });

  test('every row of the file, and no other', () => {
    expect(quoted.map(([name]) => name)).toEqual(report.results.map(({ name }) => name));
  });

  test.each(quoted)('%s', (name, ...cells) => {
    const result = report.results.find((candidate) => candidate.name === name);
    expect(cells).toEqual([
      figure(result?.rate),
      figure(result?.limit),
      result?.ratio === undefined ? '' : result.ratio.toFixed(2),
      result?.peakRssMiB === undefined ? '' : String(Math.round(result.peakRssMiB)),
    ]);
  });
});
