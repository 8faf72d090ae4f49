import { isKeptText } from '../../bytes/kept-text.js';
import { parseDay, periodOf } from '../../codes/calendar-day.js';
import { type FileFault, faultAt } from './file-fault.js';

/** What a column holds. `code`: 1 to 32 of A–Z, a–z, 0–9. `list`: texts, at least one. */
export interface ColumnRule {
  readonly kind: 'text' | 'list' | 'day' | 'code';
  readonly required: boolean;
}

/** Columns by name. */
export type Columns = Readonly<Record<string, ColumnRule>>;

type Content<R extends ColumnRule> = R['kind'] extends 'list' ? readonly string[] : string;

/** The cells of a row that was found right; columns that may be missing are missing or right. */
export type CellsOf<C extends Columns> = {
  readonly [K in keyof C as C[K]['required'] extends true ? K : never]: Content<C[K]>;
} & {
  readonly [K in keyof C as C[K]['required'] extends true ? never : K]?: Content<C[K]>;
};

/** A row that was found right. */
export interface FileRow<C extends Columns> {
  /** Where it begins. */
  readonly line: number;
  readonly cells: CellsOf<C>;
}

/** A cell as a file has it: a list where the file can say so, or something that is neither text nor list. */
export interface RawCell {
  readonly line: number;
  readonly column: string;
  readonly value: string | readonly (string | undefined)[] | undefined;
}

/** First and last day on which a row holds; without the one since ever, without the other for good. */
export const DATES = {
  effectiveFrom: { kind: 'day', required: false },
  effectiveTo: { kind: 'day', required: false },
} as const satisfies Columns;

/** Where the rows come from. */
export const SOURCE = { source: { kind: 'text', required: false } } as const satisfies Columns;

/** A record of what was mediated takes no longer text. */
const MOST_CHARACTERS = 1_000;
/** Control characters, line breaks, and what stands where bytes were no UTF-8. */
const NOT_PRINTED = /[\p{Cc}\u2028\u2029\ufffd]/u;

/** Checks a row's cells, each of which is of a known column and there once. */
export function checkCells<C extends Columns>(
  line: number,
  cells: readonly RawCell[],
  columns: C,
): { readonly cells: CellsOf<C>; readonly faults: readonly FileFault[] } {
  const faults: FileFault[] = [];
  for (const cell of cells) {
    const fault = faultOf(cell, columns[cell.column] as ColumnRule);
    if (fault !== undefined) faults.push(faultAt(cell.line, cell.column, fault));
  }
  for (const [name, { required }] of Object.entries(columns)) {
    const isThere = cells.some(({ column }) => column === name);
    if (required && !isThere) faults.push(faultAt(line, name, 'is missing'));
  }
  const byName = Object.fromEntries(cells.map(({ column, value }) => [column, value]));
  const { effectiveFrom, effectiveTo } = byName;
  if (faults.length === 0 && typeof effectiveFrom === 'string' && typeof effectiveTo === 'string') {
    const { first, last } = periodOf(effectiveFrom, effectiveTo);
    if (first > last) faults.push(faultAt(line, 'effectiveTo', 'is before effectiveFrom'));
  }
  return { cells: byName as CellsOf<C>, faults };
}

function faultOf({ value }: RawCell, { kind }: ColumnRule): string | undefined {
  if (kind !== 'list') return faultOfText(value, kind);
  if (!Array.isArray(value)) return 'must be a list of texts';
  if (value.length === 0) return 'is empty';
  if (new Set(value).size < value.length) return 'names one twice';
  return value.map((one) => faultOfText(one, 'text')).find((fault) => fault !== undefined);
}

/** What is wrong with a text of a kind. */
export function faultOfText(value: unknown, kind: ColumnRule['kind']): string | undefined {
  if (typeof value !== 'string') return 'must be a text';
  if (value === '') return 'is empty';
  if (value.length > MOST_CHARACTERS) return `has more than ${MOST_CHARACTERS} characters`;
  if (!isKeptText(value) || NOT_PRINTED.test(value)) return 'holds a character that is none, or a line break';
  if (value !== value.trim()) return 'begins or ends with a space';
  if (kind === 'day' && parseDay(value) === undefined) return 'is no day of the calendar, such as 2026-06-14';
  if (kind === 'code' && !/^[A-Za-z0-9]{1,32}$/.test(value)) return 'is not 1 to 32 of A-Z, a-z, 0-9';
  return undefined;
}
