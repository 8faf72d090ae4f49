import { type FileFault, faultAt } from './file-fault.js';
import { type JsonMember, type JsonNode, readJson } from './json-text.js';
import { onceEach } from './once-each.js';
import { type CellsOf, type Columns, checkCells, type FileRow, type RawCell } from './row-shape.js';

/** Titles of the columns, for people. */
const TITLES = 'columns';

/**
 * Reads rows from JSON: an object with the members of `head`, `rows`, and perhaps titles of the columns. All faults
 * are found at once.
 */
export function readJsonRows<H extends Columns, C extends Columns>(
  text: string,
  head: H,
  columns: C,
): { readonly head: CellsOf<H>; readonly rows: FileRow<C>[]; readonly faults: FileFault[] } {
  const root = readJson(text);
  const faults: FileFault[] = [];
  const rows: FileRow<C>[] = [];
  if (!('kind' in root) || root.kind !== 'object') {
    faults.push('kind' in root ? faultAt(root.line, undefined, 'must be an object') : root);
    return { head: {} as CellsOf<H>, rows, faults };
  }
  const members = onceEach(root.members, [...Object.keys(head), TITLES, 'rows'], faults);
  const about = members.filter(({ name }) => Object.hasOwn(head, name)).map(rawCell);
  const checked = checkCells(root.line, about, head);
  faults.push(...checked.faults);
  const titles = members.find(({ name }) => name === TITLES);
  if (titles !== undefined) faults.push(...faultsOfTitles(titles, columns));
  const list = members.find(({ name }) => name === 'rows');
  if (list?.value.kind !== 'array')
    faults.push(faultAt((list ?? root).line, 'rows', 'must be a list of rows'));
  for (const item of list?.value.kind === 'array' ? list.value.items : []) {
    if (item.kind !== 'object') {
      faults.push(faultAt(item.line, undefined, 'must be an object'));
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

function faultsOfTitles({ line, value }: JsonMember, columns: Columns): FileFault[] {
  if (value.kind !== 'object' || value.members.some((title) => title.value.kind !== 'text')) {
    return [faultAt(line, TITLES, 'must be an object of titles')];
  }
  const faults: FileFault[] = [];
  onceEach(value.members, Object.keys(columns), faults);
  return faults;
}

function rawCell({ name, line, value }: JsonMember): RawCell {
  const textOf = (node: JsonNode) => (node.kind === 'text' ? node.text : undefined);
  return { line, column: name, value: value.kind === 'array' ? value.items.map(textOf) : textOf(value) };
}
