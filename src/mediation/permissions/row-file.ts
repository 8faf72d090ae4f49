import { checkOptions, type OptionRule, required } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { readCsvRows } from './csv-rows.js';
import type { FileFault } from './file-fault.js';
import { readJsonRows } from './json-rows.js';
import { type CellsOf, type ColumnRule, type Columns, type FileRow, faultOfText } from './row-shape.js';

/** How a file is written. What a CSV file cannot say about itself is said here: where it comes from. */
export type FileOptions =
  | {
      /** JSON; the rest stands in the file. */
      readonly format: 'json';
    }
  | {
      /** CSV. */
      readonly format: 'csv';
      /** Where the rows come from. */
      readonly source?: string;
    };

/** What a file holds. What it says is to be used only where there are no faults. */
export interface RowFile<H extends Columns, C extends Columns> {
  /** What is said about the rows together. */
  readonly head: CellsOf<H>;
  readonly rows: readonly FileRow<C>[];
  readonly faults: readonly FileFault[];
}

const BYTE_ORDER_MARK = '\ufeff';

const formatRule: OptionRule = {
  expects: 'json or csv',
  check: (value) => value === 'json' || value === 'csv',
};

/**
 * Reads a file of rows. The head of a JSON file stands in it, that of a CSV file among the options.
 *
 * @param reader the name of the function that was called
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`
 */
export function readRowFile<H extends Columns, C extends Columns>(
  reader: string,
  text: string,
  options: { readonly format: 'json' | 'csv' },
  head: H,
  columns: C,
): RowFile<H, C> {
  const isCsv = options?.format === 'csv';
  checkOptions(reader, options, { format: required(formatRule), ...(isCsv ? optionsOf(head) : {}) });
  if (typeof text !== 'string') {
    throw new RenkeiError('OPTION_INVALID', `${reader}: a file is given as a text`);
  }
  const bare = text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
  if (!isCsv) return readJsonRows(bare, head, columns);
  const { format: _, ...given } = options;
  return { head: given as unknown as CellsOf<H>, ...readCsvRows(bare, columns) };
}

function optionsOf(head: Columns): Record<string, OptionRule> {
  const rule = ({ kind, required: isRequired }: ColumnRule): OptionRule => ({
    required: isRequired,
    expects: kind === 'day' ? 'a day of the calendar, such as 2026-06-14' : 'a text of one line',
    check: (value) => faultOfText(value, kind) === undefined,
  });
  return Object.fromEntries(Object.entries(head).map(([name, column]) => [name, rule(column)]));
}
