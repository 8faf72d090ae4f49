import { fc, test as prop } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { readCsv } from '../../../src/mediation/permissions/csv-text.js';

const texts = (text: string) => readCsv(text).rows.map(({ cells }) => cells.map((cell) => cell.text));
const cell = fc.string({ unit: fc.constantFrom('a', '市', '"', ',', '\n', '\r\n', ' ', ';'), maxLength: 6 });
/** Rows of one empty cell at the end of a text cannot be told from its last line end. */
const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 });
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const plainOrQuoted = (text: string) => (/[",\r\n]/.test(text) ? quoted(text) : text);

describe('CSV after RFC 4180', () => {
  test.each([
    [
      'section 2.1, line ends',
      'aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n',
      [
        ['aaa', 'bbb', 'ccc'],
        ['zzz', 'yyy', 'xxx'],
      ],
    ],
    [
      'section 2.2, the last one may be missing',
      'aaa,bbb\r\nzzz,yyy',
      [
        ['aaa', 'bbb'],
        ['zzz', 'yyy'],
      ],
    ],
    ['section 2.4, spaces belong to a cell', 'a , b', [['a ', ' b']]],
    [
      'section 2.5, quoted cells',
      '"aaa","bbb"\r\nzzz,""',
      [
        ['aaa', 'bbb'],
        ['zzz', ''],
      ],
    ],
    ['section 2.6, line breaks and commas in quotes', '"a,\r\nb","c"\r\n', [['a,\r\nb', 'c']]],
    ['section 2.7, a quote is written twice', '"b""b",""""', [['b"b', '"']]],
    [
      'lines that end with LF',
      'a,b\nc,\n',
      [
        ['a', 'b'],
        ['c', ''],
      ],
    ],
    ['no line at all', '', []],
  ])('%s', (_, text, rows) => {
    expect(readCsv(text).faults).toEqual([]);
    expect(texts(text)).toEqual(rows);
  });

  prop.prop([table, fc.constantFrom('\n', '\r\n'), fc.boolean(), fc.boolean()])(
    'what is written is read back, with the line on which each row begins',
    (rows, end, all, last) => {
      const lines = rows.map((cells) => cells.map(all ? quoted : plainOrQuoted).join(','));
      const read = readCsv(lines.join(end) + (last && rows.length > 0 ? end : ''));
      expect(read.faults).toEqual([]);
      expect(read.rows.map(({ cells }) => cells.map(({ text }) => text))).toEqual(rows);
      let line = 1;
      rows.forEach((_, k) => {
        expect(read.rows[k]?.line).toBe(line);
        line += (lines[k] as string).split('\n').length;
      });
    },
  );

  prop.prop([fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r'), maxLength: 12 })])(
    'nothing is repaired: a text without a fault is, cell by cell, what its rows are written as',
    (text) => {
      const { rows, faults } = readCsv(text);
      expect(rows.some(({ isBroken }) => isBroken)).toBe(faults.length > 0);
      if (faults.length > 0) return;
      const bare = text.replaceAll('\r\n', '\n').replace(/\n$/, '');
      const cellOf = (quotes: boolean, one: string) => (quotes ? quoted(one) : one);
      let rest = `${bare}\n`;
      for (const { cells } of rows) {
        cells.forEach((one, k) => {
          const written = cellOf(rest.startsWith('"'), one.text.replaceAll('\r\n', '\n'));
          expect(rest.startsWith(written)).toBe(true);
          rest = rest.slice(written.length);
          expect(rest[0]).toBe(k < cells.length - 1 ? ',' : '\n');
          rest = rest.slice(1);
        });
      }
      expect(rest === '' || text === '').toBe(true);
    },
  );

  test.each([
    ['a quote in a cell without quotes', 'a,b\nc"c,d\ne,f', [2]],
    ['text behind the closing quote', '"a"a,b\n', [1]],
    ['quotes that do not end', 'a\n"b\nc\n', [2]],
    ['a carriage return alone', 'a\rb\n', [1]],
    ['two faults at once', '"a"a,b\nc,d\ne,f"', [1, 3]],
  ])('%s: a fault with its line', (_, text, lines) => {
    expect(readCsv(text).faults.map(({ line }) => line)).toEqual(lines);
  });
});
