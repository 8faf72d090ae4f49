import { readBreaches, readCellClasses, readInstitutionDirectory, readPermissionTable } from 'renkei';
import { describe, expect, test } from 'vitest';
import { classesOf, csvOf, directoryOf, type Rows, tableOf } from '../../support/permission-files.js';
import { bigTable } from '../../support/permission-table.js';

const ROW = { item: '一', inquirer: '甲', affair: '事務', provider: '乙', information: '情報' };
const json = { format: 'json' } as const;
const readJson = (rows: Rows, head: object = { effectiveFrom: '2026-06-14' }) =>
  readPermissionTable(JSON.stringify({ ...head, rows }, null, 1), json).faults;
const readCsv = (text: string) =>
  readPermissionTable(text, { format: 'csv', effectiveFrom: '2026-06-14' }).faults;
const HEADER = 'item,inquirer,affair,provider,information';

describe('a table with faults: all of them at once, each with its line, and no table', () => {
  test('JSON', () => {
    const text = [
      '{', // 1
      '"effectiveFrom": "2026-02-30",', // 2
      '"sauce": "命令9",', // 3
      '"columns": { "item": "号", "colour": "色" },', // 4
      '"rows": [', // 5
      '{ "item": "一", "inquirer": "甲", "affair": "事務", "provider": "乙", "information": "情報" },', // 6
      '{ "item": "一",', // 7
      '"inquirer": "",', // 8
      '"affair": 7,', // 9
      '"provider": "乙 ",', // 10
      '"colour": "赤", "item": "二" },', // 11
      '"row",', // 12
      '{ "item": "一", "inquirer": "甲", "affair": "事務", "provider": "乙", "information": "情報" },', // 13
      '{ "item": "三", "inquirer": "甲\\n乙", "affair": "事務", "provider": ["乙"], "information": "情報",', // 14
      '"effectiveFrom": "2026-04-01",', // 15
      '"effectiveTo": "2026-04-31" }', // 16
      '] }',
    ].join('\n');
    const { revision, faults } = readPermissionTable(text, json);
    expect(revision).toBeUndefined();
    expect(faults?.map(({ line, column }) => [line, column])).toEqual([
      [2, 'effectiveFrom'],
      [3, 'sauce'],
      [4, 'colour'],
      [7, 'information'],
      [8, 'inquirer'],
      [9, 'affair'],
      [10, 'provider'],
      [11, 'colour'],
      [11, 'item'],
      [12, undefined],
      [13, undefined],
      [14, 'inquirer'],
      [14, 'provider'],
      [16, 'effectiveTo'],
    ]);
    expect(faults?.at(-4)?.fault).toBe('is about the same as line 6, on some of the same days');
  });

  test('CSV', () => {
    const text = [
      'item,inquirer,affair,provider,colour,item', // 1
      '一,甲,事務,乙,赤,一', // 2
      '一,,事務,乙', // 3
      '一,甲,"事', // 4
      '務",乙,赤,一', // 5
      '一,"甲"乙,事務,乙,赤,一', // 6
      '一,,事務,乙,赤,一', // 7
      '', // 8
      '一,甲,事務,乙,赤,一', // 9
    ].join('\n');
    expect(readCsv(text)?.map(({ line, column }) => [line, column])).toEqual([
      [1, 'colour'],
      [1, 'item'],
      [1, 'information'],
      [3, undefined],
      [4, 'affair'],
      [6, undefined],
      [7, 'inquirer'],
      [8, undefined],
    ]);
  });

  test('CSV, equal rows', () => {
    expect(readCsv(`${HEADER}\n一,甲,事務,乙,情報\n一,甲,事務,乙,他\n二,甲,事務,乙,情報\n`)).toEqual([
      { line: 4, fault: 'is about the same as line 2, on some of the same days' },
    ]);
  });

  test.each([
    ['nothing', ''],
    ['a number', '7'],
    ['a list', '[]'],
    ['no rows', '{"effectiveFrom":"2026-06-14"}'],
    ['no day', '{"rows":[]}'],
    ['rows that are no list', '{"effectiveFrom":"2026-06-14","rows":{}}'],
    ['titles that are none', '{"effectiveFrom":"2026-06-14","columns":[],"rows":[]}'],
    ['rows twice', '{"effectiveFrom":"2026-06-14","rows":[],"rows":[]}'],
  ])('JSON that holds %s', (_, text) => {
    expect(readPermissionTable(text, json).faults).toHaveLength(1);
  });

  test('a CSV file of nothing lacks every column', () => {
    expect(readCsv('')?.map(({ column }) => column)).toEqual(HEADER.split(','));
  });

  test.each([
    ['is empty', ''],
    ['begins or ends with a space', '　甲'],
    ['begins or ends with a space', '甲 '],
    ['holds a character that is none, or a line break', '甲\u0000'],
    ['holds a character that is none, or a line break', '甲\t乙'],
    ['holds a character that is none, or a line break', '甲\u2028乙'],
    ['holds a character that is none, or a line break', '\ud800'],
    ['holds a character that is none, or a line break', '\ufffd\ufffd'],
    ['has more than 1000 characters', '甲'.repeat(1001)],
  ])('a cell that %s', (fault, cell) => {
    expect(readJson([{ ...ROW, affair: cell }])).toEqual([{ line: 7, column: 'affair', fault }]);
  });

  test('a row that ends before it begins', () => {
    const days = { effectiveFrom: '2026-04-02', effectiveTo: '2026-04-01' };
    expect(readJson([{ ...ROW, ...days }])).toEqual([
      { line: 4, column: 'effectiveTo', fault: 'is before effectiveFrom' },
    ]);
  });

  test('what stands in a wrong place is not repeated, lest a secret come out', () => {
    const secret = '12345678903';
    const faults = [
      ...(readCsv(`${secret}\n${secret}`) ?? []),
      ...(readCsv(`${'abcdefgh'.repeat(5)},${HEADER}\n`) ?? []),
      ...(readJson([{ ...ROW, affairCode: `${secret} ` }]) ?? []),
      ...(readPermissionTable(secret, json).faults ?? []),
    ];
    expect(faults.length).toBeGreaterThan(4);
    expect(JSON.stringify(faults)).not.toMatch(/12345678903|abcdefgh/);
  });
});

describe('equal rows', () => {
  const days = (effectiveFrom: string, effectiveTo?: string) => ({
    ...ROW,
    effectiveFrom,
    ...(effectiveTo === undefined ? {} : { effectiveTo }),
  });

  test('may follow each other', () => {
    expect(readJson([days('2026-07-01'), days('2026-06-01', '2026-06-30')])).toBeUndefined();
  });

  test('overlap on a single day', () => {
    expect(readJson([days('2026-06-30'), days('2026-06-01', '2026-06-30')])).toHaveLength(1);
  });

  test('a long one overlaps all short ones within it', () => {
    const rows = [
      days('2026-06-20', '2026-06-21'),
      days('2026-06-01', '2026-06-30'),
      days('2026-06-10', '2026-06-11'),
    ];
    expect(readJson(rows)?.map(({ line }) => line)).toEqual([13, 22]);
  });

  test('one without days overlaps every other', () => {
    expect(readJson([ROW, days('2026-06-20', '2026-06-21')])).toHaveLength(1);
  });
});

describe('short codes (事務コード, 特定個人情報名コード)', () => {
  const coded = (affair: string, affairCode: string, information: string) => ({
    ...ROW,
    affair,
    affairCode,
    information,
  });

  test('one code a text', () => {
    expect(
      readJson([coded('あ', 'J1', '1'), coded('あ', 'J1', '2'), coded('い', 'J2', '1')]),
    ).toBeUndefined();
  });

  test.each([
    ['one code for two texts', [coded('あ', 'J1', '1'), coded('い', 'J1', '2')]],
    ['two codes for one text', [coded('あ', 'J1', '1'), coded('あ', 'J2', '2')]],
    ['a code that is the text of another row', [coded('J2', 'J1', '1'), coded('い', 'J2', '2')]],
  ])('%s is a fault', (_, rows) => {
    expect(readJson(rows)?.map(({ column }) => column)).toContain('affairCode');
  });
});

describe('directory, meanings of cells, breaches', () => {
  test('an institution has one row a day', () => {
    const rows = [
      { institution: 'A1', name: '甲市', classes: ['市町村長'], effectiveTo: '2026-03-31' },
      { institution: 'A1', name: '甲乙市', classes: ['市町村長'], effectiveFrom: '2026-03-31' },
    ];
    expect(readInstitutionDirectory(JSON.stringify({ rows }), json).faults).toHaveLength(1);
    expect(readInstitutionDirectory(csvOf(rows), { format: 'csv' }).faults).toHaveLength(1);
  });

  test.each([
    ['a code that is none', { institution: 'A-1', name: '甲市', classes: ['市町村長'] }, 'institution'],
    ['no class', { institution: 'A1', name: '甲市', classes: [] }, 'classes'],
    ['a class twice', { institution: 'A1', name: '甲市', classes: ['市長', '市長'] }, 'classes'],
    ['an empty class', { institution: 'A1', name: '甲市', classes: ['市長', ''] }, 'classes'],
    [
      'the code of an institution as a class',
      { institution: 'A1', name: '甲市', classes: ['A1'] },
      'classes',
    ],
  ])('an institution with %s is a fault', (_, row, column) => {
    const { faults } = readInstitutionDirectory(JSON.stringify({ rows: [row] }), json);
    expect(faults?.map((fault) => fault.column)).toEqual([column]);
  });

  test('a cell means one thing a day, and a breach is noted once a day', () => {
    const cells = [
      { cell: '甲又は乙', classes: ['甲'] },
      { cell: '甲又は乙', classes: ['乙'] },
    ];
    expect(readCellClasses(JSON.stringify({ rows: cells }), json).faults).toHaveLength(1);
    const breaches = [
      { institution: 'A1', effectiveFrom: '2026-06-01' },
      { institution: 'A1', effectiveFrom: '2026-07-01' },
    ];
    expect(readBreaches(JSON.stringify({ rows: breaches }), json).faults).toHaveLength(1);
    expect(readBreaches(csvOf([{ institution: 'A1' }]), { format: 'csv' }).faults?.[0]).toMatchObject({
      line: 1,
      column: 'effectiveFrom',
    });
  });
});

describe('what was read', () => {
  test(`is named by one digest, whatever it was written in: ${bigTable.name}`, () => {
    const { rows, source, effectiveFrom } = JSON.parse(bigTable.text);
    const fromJson = readPermissionTable(bigTable.text, json).revision;
    const fromCsv = readPermissionTable(`\ufeff${csvOf(rows)}`, {
      format: 'csv',
      source,
      effectiveFrom,
    }).revision;
    expect(fromCsv).toEqual(fromJson);
    expect(fromJson?.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test('has another digest when any cell, the day or the order is another', () => {
    const other = { ...ROW, item: '二', affair: '他' };
    const digests = [
      tableOf('2026-06-14', [ROW, other]),
      tableOf('2026-06-15', [ROW, other]),
      tableOf('2026-06-14', [other, ROW]),
      tableOf('2026-06-14', [ROW]),
      ...Object.keys(ROW).map((name) => tableOf('2026-06-14', [{ ...ROW, [name]: '別' }, other])),
    ].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(9);
  });

  test('its digest is SHA-256 of the canonical JSON of head and rows', () => {
    // echo -n '{"effectiveFrom":"2026-06-14","rows":[{…}]}' | sha256sum, members in the order of their names
    expect(tableOf('2026-06-14', [ROW]).digest).toBe(
      '6d9c4aed9129cfddcd24de512bc2f86e3fdb4c6e3537e90004b99d37b56f82b5',
    );
  });

  test('cannot be changed', () => {
    const { rows } = classesOf([{ cell: '甲又は乙', classes: ['甲', '乙'] }]);
    const [{ classes }] = rows as [(typeof rows)[0]];
    expect(() => (rows as unknown[]).push(1)).toThrow(TypeError);
    expect(() => (classes as string[]).push('丙')).toThrow(TypeError);
    const directory = directoryOf([{ institution: 'A1', name: '甲市', classes: ['市町村長'] }]);
    expect(() => Object.assign(directory.rows[0] as object, { name: '乙市' })).toThrow(TypeError);
    expect(() => Object.assign(directory, { rows: [] })).toThrow(TypeError);
  });
});

describe('options of the readers', () => {
  test.each([
    [{ format: 'xml' }, 'OPTION_INVALID'],
    [{}, 'OPTION_INVALID'],
    [undefined, 'OPTION_INVALID'],
    [{ format: 'csv' }, 'OPTION_INVALID'],
    [{ format: 'csv', effectiveFrom: '2026-02-30' }, 'OPTION_INVALID'],
    [{ format: 'csv', effectiveFrom: '2026-06-14', source: '二\n行' }, 'OPTION_INVALID'],
    [{ format: 'json', effectiveFrom: '2026-06-14' }, 'OPTION_UNKNOWN'],
    [{ format: 'json', encoding: 'utf8' }, 'OPTION_UNKNOWN'],
  ])('%j is refused: %s', (options, code) => {
    expect(() => readPermissionTable('', options as typeof json)).toThrow(expect.objectContaining({ code }));
  });

  test('bytes are no text', () => {
    expect(() => readBreaches(new Uint8Array() as unknown as string, json)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});
