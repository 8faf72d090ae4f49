import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { curvesOf, drawCurves } from '../../bench/curve.js';
import { MIB_PER_MILLION } from '../../bench/issuance.js';
import { MEDIATION_BLOCKS, ROTATION_BLOCKS, resultsFileOf, withFigures } from '../../bench/page.js';
import type { BenchReport, BenchResult } from '../../bench/results.js';
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

describe('docs/rotation.md quotes the same file', () => {
  const rotationPage = readFileSync('docs/rotation.md', 'utf8');

  test('its figures are those that `npm run bench:page` writes', () => {
    expect(withFigures(rotationPage, report, ROTATION_BLOCKS)).toBe(rotationPage);
  });

  test('rates, limits and waits of rotations are written, and nothing of other rows', () => {
    const results: BenchResult[] = [
      { name: 'issue.memory', unit: 'residents/s', rate: 98_765 },
      { name: 'rotate.a', unit: 'pairs/s', rate: 250_000, limit: 500_000, limitedBy: 'reading', ratio: 0.5 },
      { name: 'rotate.b', unit: 'pairs/s', rate: 10_000, processors: 1.5 },
      { name: 'rotate.c', unit: 'requests/s', rate: 900, halfLoadP50Ms: 1.25, halfLoadP99Ms: 7 },
    ];
    const written = withFigures(rotationPage, { ...report, results }, ROTATION_BLOCKS);
    const rows = written.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
    expect(rows).toContain('| `rotate.a` | 250,000 pairs/s | 500,000, reading | 0.50 | | 0.7 |');
    expect(rows).toContain('| `rotate.b` | 10,000 pairs/s | | | 1.50 | 16.7 |');
    expect(rows).toContain('| `rotate.c` | 1.25 | 7 |');
    expect(written).not.toContain('issue.memory');
    expect(withFigures(written, report, ROTATION_BLOCKS)).toBe(rotationPage);
  });

  test('without rotations among the results the page has none', () => {
    const results = report.results.filter(({ name }) => !name.startsWith('rotate.'));
    expect(withFigures(rotationPage, { ...report, results }, ROTATION_BLOCKS)).not.toContain('| `rotate.');
  });
});

describe('docs/mediation.md quotes its own results file', () => {
  const mediationPage = readFileSync('docs/mediation.md', 'utf8');
  const mediation = JSON.parse(readFileSync(resultsFileOf(mediationPage), 'utf8')) as BenchReport;

  test('its figures are those that `npm run bench:page` writes', () => {
    expect(withFigures(mediationPage, mediation, MEDIATION_BLOCKS)).toBe(mediationPage);
  });

  test('what each row means is explained on the page of performance', () => {
    const explained = tableRows(sectionUnder(page, '## What do the rows mean?')).map(([name]) => name);
    for (const { name } of mediation.results) expect(explained).toContain(`\`${name}\``);
  });

  test('rates with their units, waits, and the memory of a long run are written', () => {
    const results: BenchResult[] = [
      {
        name: 'mediate.a',
        unit: 'requests/s',
        rate: 5_432,
        limit: 6_000,
        ratio: 0.91,
        halfLoadP50Ms: 1.5,
        halfLoadP99Ms: 9,
      },
      { name: 'mediate.b', unit: 'requests/s', rate: 100, rssMiB: [200.4, 201.6] },
    ];
    const written = withFigures(mediationPage, { ...mediation, results }, MEDIATION_BLOCKS);
    const rows = written.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
    expect(rows).toContain('| `mediate.a` | 5,430 requests/s | 6,000 | 0.91 | |');
    expect(rows).toContain('| `mediate.a` | 1.5 | 9 |');
    expect(rows).toContain('`mediate.b`: 200, 202 MiB.');
    expect(withFigures(written, mediation, MEDIATION_BLOCKS)).toBe(mediationPage);
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
