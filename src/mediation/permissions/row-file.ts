import { readCsv } from './csv-text.js';
import { type FileFault, faultAt, printableName } from './file-fault.js';
import { type JsonMember, type JsonNode, readJson } from './json-text.js';
import { type CellsOf, type Columns, checkCells, type RawCell } from './row-shape.js';

/** What a file is written in. */
export type FileFormat = 'json' | 'csv';

/** A row that was found right. */
export interface FileRow<C extends Columns> {
  /** Where it begins. */
  readonly line: number;
  readonly cells: CellsOf<C>;
}

/** What a file holds. What it says is to be used only where there are no faults. */
export interface RowFile<H extends Columns, C extends Columns> {
  /** What is said about the rows together. */
  readonly head: CellsOf<H>;
  readonly rows: readonly FileRow<C>[];
  readonly faults: readonly FileFault[];
}

const BYTE_ORDER_MARK = '\ufeff';
/** Divides a cell of a CSV file that holds a list. */
const LIST_SEPARATOR = ';';
/** Titles of the columns for people, in JSON. */
const TITLES = 'columns';

/**
 * Reads rows from JSON: an object with the members of `head`, `rows`, and perhaps titles of the columns. All faults
 * are found at once.
 */
export function readJsonRows<H extends Columns, C extends Columns>(
  text: string,
  head: H,
  columns: C,
): RowFile<H, C> {
  const root = readJson(withoutMark(text));
  if (!('kind' in root)) return nothing([root]);
  if (root.kind !== 'object') return nothing([faultAt(root.line, undefined, 'must be an object')]);
  const faults: FileFault[] = [];
  const members = onceEach(root.members, [...Object.keys(head), TITLES, 'rows'], faults);
  const about = members.filter(({ name }) => Object.hasOwn(head, name)).map(rawCell);
  const checked = checkCells(root.line, about, head);
  faults.push(...checked.faults);
  const titles = members.find(({ name }) => name === TITLES);
  if (titles !== undefined) checkTitles(titles, columns, faults);
  const list = members.find(({ name }) => name === 'rows');
  if (list?.value.kind !== 'array') {
    faults.push(faultAt(list?.line ?? root.line, 'rows', 'must be a list of objects'));
    return nothing(faults);
  }
  const rows: FileRow<C>[] = [];
  for (const item of list.value.items) {
    if (item.kind !== 'object') {
      faults.push(faultAt(item.line, undefined, 'a row must be an object'));
      continue;
    }
    const before = faults.length;
    const cells = onceEach(item.members, Object.keys(columns), faults).map(rawCell);
    const row = checkCells(item.line, cells, columns);
    faults.push(...row.faults);
    if (faults.length === before) rows.push({ line: item.line, cells: row.cells });
  }
  return { head: checked.cells, rows, faults };
}

/** Reads rows from CSV: the first line names the columns, in any order. An empty cell is one that is missing. */
export function readCsvRows<C extends Columns>(text: string, columns: C): RowFile<Columns, C> {
  const csv = readCsv(withoutMark(text));
  const faults = [...csv.faults];
  const [header, ...records] = csv.rows;
  if (header === undefined) return nothing([faultAt(1, undefined, 'has no line that names the columns')]);
  const names = header.cells.map(({ text: name, line }) => ({ name, line }));
  const known = new Set(onceEach(names, Object.keys(columns), faults).map(({ name }) => name));
  const absent = Object.keys(columns).filter((name) => columns[name]?.required && !known.has(name));
  faults.push(...absent.map((name) => faultAt(header.line, name, 'is missing')));
  const rows: FileRow<C>[] = [];
  for (const { line, cells } of records) {
    if (cells.length !== names.length) {
      faults.push(faultAt(line, undefined, `has ${cells.length} cells, not ${names.length}`));
      continue;
    }
    const raw: RawCell[] = [];
    cells.forEach((cell, k) => {
      const column = names[k]?.name as string;
      const rule = columns[column];
      if (rule === undefined || (cell.text === '' && !rule.required)) return;
      const isList = rule.kind === 'list' && cell.text !== '';
      raw.push({ line: cell.line, column, value: isList ? cell.text.split(LIST_SEPARATOR) : cell.text });
    });
    const row = checkCells(line, raw, columns);
    const own = row.faults.filter(({ column }) => !absent.includes(column ?? ''));
    faults.push(...own);
    if (row.faults.length === 0) rows.push({ line, cells: row.cells });
  }
  return { head: {}, rows, faults };
}

function nothing(faults: readonly FileFault[]): RowFile<never, never> {
  return { head: {} as never, rows: [], faults };
}

function withoutMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
}

/** Those of known names, each the first time; the others are faults. */
function onceEach<T extends { readonly name: string; readonly line: number }>(
  named: readonly T[],
  known: readonly string[],
  faults: FileFault[],
): T[] {
  const seen = new Set<string>();
  return named.filter(({ name, line }) => {
    const isKnown = known.includes(name);
    if (!isKnown) {
      faults.push(faultAt(line, printableName(name), `is not known; known: ${known.join(', ')}`));
    } else if (seen.has(name)) {
      faults.push(faultAt(line, name, 'stands there twice'));
    }
    const isFirst = isKnown && !seen.has(name);
    seen.add(name);
    return isFirst;
  });
}

function checkTitles({ line, value }: JsonMember, columns: Columns, faults: FileFault[]): void {
  if (value.kind !== 'object' || value.members.some((title) => title.value.kind !== 'text')) {
    faults.push(faultAt(line, TITLES, 'must be an object of titles'));
    return;
  }
  onceEach(value.members, Object.keys(columns), faults);
}

function rawCell({ name, line, value }: JsonMember): RawCell {
  const textOf = (node: JsonNode) => (node.kind === 'text' ? node.text : undefined);
  return { line, column: name, value: value.kind === 'array' ? value.items.map(textOf) : textOf(value) };
}
