import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../../src/errors/codes.js';
import { tableRows } from './markdown.js';

const ROWS = tableRows(readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8'));

describe('docs/errors.md', () => {
  test('has one row for every error code, in the order of the code, and no other', () => {
    expect(ROWS.map(([code]) => code)).toEqual(Object.keys(ERROR_CODES).map((code) => `\`${code}\``));
  });

  test.each(Object.entries(ERROR_CODES))('says whether %s is retryable', (code, { retryable }) => {
    expect(ROWS.find(([name]) => name === `\`${code}\``)?.[4]).toBe(retryable ? 'yes' : 'no');
  });

  test('leaves no column empty', () => {
    for (const row of ROWS) {
      expect(row.length).toBe(5);
      for (const cell of row) expect(cell).not.toBe('');
    }
  });
});
