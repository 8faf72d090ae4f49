import { readCsv } from './csv-text.js';
import { type FileFault, faultAt } from './file-fault.js';
import { onceEach } from './once-each.js';
import { type Columns, checkCells, type FileRow, type RawCell } from './row-shape.js';

/** Divides a cell that holds a list. */
const LIST_SEPARATOR = ';';

/**
 * Reads rows from CSV: the first line names the columns, in any order. An empty cell of a column that may be missing is
 * one that is missing. All faults are found at once.
 */
export function readCsvRows<C extends Columns>(
  text: string,
  columns: C,
): { readonly rows: FileRow<C>[]; readonly faults: FileFault[] } {
  const csv = readCsv(text);
  const faults = [...csv.faults];
  const [header = { line: 1, cells: [] }, ...records] = csv.rows;
  const names = header.cells.map((cell) => ({ name: cell.text, line: cell.line }));
  const known = new Set(onceEach(names, Object.keys(columns), faults).map(({ name }) => name));
  const absent = Object.keys(columns).filter((name) => columns[name]?.required && !known.has(name));
  faults.push(...absent.map((name) => faultAt(header.line, name, 'is missing')));
  const rows: FileRow<C>[] = [];
  for (const { line, cells, isBroken } of records) {
    if (isBroken) continue;
    if (cells.length !== names.length) {
      faults.push(faultAt(line, undefined, `has ${cells.length} cells, not ${names.length}`));
      continue;
    }
    const raw: RawCell[] = [];
    cells.forEach((cell, k) => {
      const column = names[k]?.name as string;
      if (!known.has(column)) return;
      const { kind, required } = columns[column] as Columns[string];
      if (cell.text === '' && !required) return;
      const isList = kind === 'list' && cell.text !== '';
      raw.push({ line: cell.line, column, value: isList ? cell.text.split(LIST_SEPARATOR) : cell.text });
    });
    const row = checkCells(line, raw, columns);
    faults.push(...row.faults.filter(({ column }) => !absent.includes(column ?? '')));
    if (row.faults.length === 0) rows.push({ line, cells: row.cells });
  }
  return { rows, faults };
}
