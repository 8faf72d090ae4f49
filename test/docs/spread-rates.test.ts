import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sectionUnder, tableRows } from './markdown.js';

interface Rates {
  readonly rows: readonly { readonly what: string; readonly rate: number }[];
}

test('docs/stores/postgresql-spread.md quotes its results file', () => {
  const { rows } = JSON.parse(readFileSync('bench/results/spread-rates.json', 'utf8')) as Rates;
  const page = readFileSync('docs/stores/postgresql-spread.md', 'utf8');
  const quoted = tableRows(sectionUnder(page, '## Why foreign tables, and what do they cost?'));
  expect(quoted).toEqual(rows.map(({ what, rate }) => [what, rate.toLocaleString('en')]));
});
