import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { curvesOf, drawCurves } from '../../bench/curve.js';
import { MIB_PER_MILLION } from '../../bench/issuance.js';
import { resultsFileOf, withFigures } from '../../bench/page.js';
import type { BenchReport } from '../../bench/results.js';
import { sectionUnder, tableRows } from './markdown.js';

const page = readFileSync('docs/performance.md', 'utf8');
const report = JSON.parse(readFileSync(resultsFileOf(page), 'utf8')) as BenchReport;

describe('docs/performance.md quotes its results file', () => {
  test('its figures are those that `npm run bench:page` writes', () => {
    expect(withFigures(page, report)).toBe(page);
  });

  test('its picture is the one that the bench draws of the same results, of both stores', () => {
    expect(page).toContain('](issuance-rate.svg)');
    expect(curvesOf(report).map(({ name }) => name)).toEqual(['SQLite', 'PostgreSQL']);
    expect(readFileSync('docs/issuance-rate.svg', 'utf8')).toBe(drawCurves(curvesOf(report)));
  });

  test('the room on the disk that it names is what the bench asks for', () => {
    const { sqlite, postgres } = MIB_PER_MILLION;
    expect(page.replaceAll(/\s+/g, ' ')).toContain(
      `${sqlite} MiB on SQLite and ${postgres} MiB on PostgreSQL`,
    );
  });

  test('what each row means is explained', () => {
    const named = (heading: string) => tableRows(sectionUnder(page, heading)).map(([name]) => name);
    const explained = named('## What do the rows mean?');
    for (const { name } of report.results) {
      expect(explained).toContain(`\`${name}\``);
      expect(named('## What came out?')).toContain(`\`${name}\``);
    }
  });
});

describe('the writer of the figures', () => {
  const [first] = report.results;

  test('changes a page when a figure changes, and the rest of it not', () => {
    const changed = { ...report, results: [{ name: first?.name ?? '', unit: 'codes/s', rate: 12_345 }] };
    const written = withFigures(page, changed);
    expect(written).toContain('12,300');
    expect(written).not.toBe(page);
    expect(withFigures(written, report)).toBe(page);
  });

  test('quotes what a run could not do as it was asked to', () => {
    expect(withFigures(page, { ...report, remarks: ['issue.x: 5 rows instead of 9'] })).toContain(
      `${report.module}\\\nissue.x: 5 rows instead of 9\n`,
    );
  });

  test('refuses a page without a place for them, or with two', () => {
    expect(() => withFigures('# Nothing', report)).toThrow('the page must hold');
    expect(() => withFigures(`${page}${page}`, report)).toThrow('the page must hold');
    expect(() => resultsFileOf('# Nothing')).toThrow('no results file');
  });
});
