import { uncoveredCells } from 'renkei';
import { expect, test } from 'vitest';
import { classesOf, directoryOf, tableOf } from '../../support/permission-files.js';

const row = { item: '一', affair: '事務', information: '情報' };
const both = '都道府県知事又は市町村長';
const table = tableOf('2026-04-01', [
  { ...row, inquirer: both, provider: 'A1' },
  { ...row, inquirer: '大臣', provider: both },
  { ...row, inquirer: 'Z9', provider: '市町村長' },
  { ...row, inquirer: '昔の大臣', provider: 'A1', effectiveTo: '2026-03-31' },
]);
const directory = directoryOf([
  { institution: 'A1', name: '甲市長', classes: ['市町村長'] },
  { institution: 'B2', name: '乙大臣', classes: ['大臣'], effectiveFrom: '2026-04-02' },
]);
const classes = classesOf([{ cell: both, classes: ['都道府県知事', '市町村長'] }]);
const inquirerAlone = (cell: string) => ({
  cell,
  columns: ['inquirer'],
  rows: 1,
  isExplained: false,
  classes: [cell],
});
const bothColumns = { cell: both, columns: ['inquirer', 'provider'], rows: 2 };

test('cells that neither the directory nor the list of cells covers, once each, in the order of the table', () => {
  expect(uncoveredCells(table, directory)).toEqual([
    { ...bothColumns, isExplained: false, classes: [both] },
    inquirerAlone('大臣'),
    inquirerAlone('Z9'),
  ]);
});

test('a cell that is explained by a class nobody is of', () => {
  expect(uncoveredCells(table, directory, classes)).toEqual([
    { ...bothColumns, isExplained: true, classes: ['都道府県知事'] },
    inquirerAlone('大臣'),
    inquirerAlone('Z9'),
  ]);
});

test('on a day when an institution has come', () => {
  expect(uncoveredCells(table, directory, classes, '2026-04-02').map(({ cell }) => cell)).toEqual([
    both,
    'Z9',
  ]);
});

test('what is no day, and what no reader made, is refused', () => {
  const refused = expect.objectContaining({ code: 'OPTION_INVALID' });
  expect(() => uncoveredCells(table, directory, classes, '2026-02-30')).toThrow(refused);
  expect(() => uncoveredCells(table, { ...directory })).toThrow(refused);
});
