import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tableRows } from './markdown.js';

const ROOT = new URL('../../', import.meta.url);
const ROWS = tableRows(readFileSync(new URL('docs/glossary.md', ROOT), 'utf8')).filter(
  ({ length }) => length > 2,
);
const SOURCE = readdirSync(new URL('src', ROOT), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(new URL(`src/${path}`, ROOT), 'utf8'))
  .join('\n');

describe('docs/glossary.md', () => {
  test('has five columns, none empty, and no term twice', () => {
    expect(ROWS.length).toBeGreaterThan(30);
    for (const row of ROWS) expect(row.filter((cell) => cell !== '')).toHaveLength(5);
    expect(new Set(ROWS.map(([term]) => term)).size).toBe(ROWS.length);
  });

  test.each(ROWS)('%s: the reading is in kana', (_term, reading) => {
    expect(reading).toMatch(/^[\p{Script=Hiragana}\p{Script=Katakana}ー]+$/u);
  });

  test.each(ROWS)('%s: what bears it is in the code, or is said to be missing', (...row) => {
    const where = row[4] ?? '';
    const names = [...where.matchAll(/`(\w+)`/g)].map(([, name]) => name as string);
    for (const name of names) expect(SOURCE).toMatch(new RegExp(`\\b${name}\\b`));
    if (names.length === 0) expect(where).toMatch(/not built|outside/);
  });
});
