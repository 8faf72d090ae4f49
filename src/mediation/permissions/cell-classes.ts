import { type CheckedRows, sealRows } from './checked-rows.js';
import { type FileFault, inOrder } from './file-fault.js';
import { repeatedRows } from './repeated-rows.js';
import { type FileOptions, readRowFile } from './row-file.js';
import { type Columns, DATES, SOURCE } from './row-shape.js';

/**
 * Which institutions a cell of the table means, for a time: such as those of 都道府県知事 and those of 市町村長 for the
 * cell 「都道府県知事又は市町村長」.
 */
export interface CellClasses {
  /** The text of the cell, as it stands in the table. */
  readonly cell: string;
  /** Classes, or 機関コード of single institutions. */
  readonly classes: readonly string[];
  /** First day, as `2026-06-14`; default: since ever. */
  readonly effectiveFrom?: string;
  /** Last day; default: for good. */
  readonly effectiveTo?: string;
}

/** What all cells mean that are not themselves a class or a code. Only {@link readCellClasses} makes one. */
export interface CellClassList extends CheckedRows<CellClasses> {
  /** Where it comes from. */
  readonly source?: string;
}

/** A list, or all that is wrong with the file. */
export type CellClassesRead =
  | {
      /** The list. */
      readonly classes: CellClassList;
      /** Nothing is wrong. */
      readonly faults?: undefined;
    }
  | {
      /** None is made of a file with a fault. */
      readonly classes?: undefined;
      /** Every fault, by its line. */
      readonly faults: readonly FileFault[];
    };

/** The reader's name, by which what it made is known. */
export const CLASSES_READER = 'readCellClasses';

const COLUMNS = {
  cell: { kind: 'text', required: true },
  classes: { kind: 'list', required: true },
  ...DATES,
} as const satisfies Columns;

/**
 * Reads from JSON or CSV which classes the cells of the table mean. No program reads that out of the words of the law.
 *
 * @param text the file, decoded
 * @returns the list; or every fault of the file, with its line, and no list
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`: of the options, never of the file
 */
export function readCellClasses(text: string, options: FileOptions): CellClassesRead {
  const file = readRowFile(CLASSES_READER, text, options, SOURCE, COLUMNS);
  const faults = [...file.faults, ...repeatedRows(file.rows, ({ cell }) => [cell])];
  if (faults.length > 0) return { faults: inOrder(faults) };
  return { classes: sealRows(CLASSES_READER, { ...file.head, rows: file.rows.map(({ cells }) => cells) }) };
}
