import { type CheckedRows, sealRows } from './checked-rows.js';
import { type FileFault, faultAt, inOrder } from './file-fault.js';
import { repeatedRows } from './repeated-rows.js';
import { readRowFile } from './row-file.js';
import { type Columns, DATES, type FileRow, SOURCE } from './row-shape.js';

/** A row of the table of 命令9 第2条: one combination that is permitted (番号法19条8号). */
export interface PermissionRow {
  /** 号 of the table. */
  readonly item: string;
  /** 情報照会者: 機関コード, or a text that names a class of institutions or several. */
  readonly inquirer: string;
  /** 特定個人番号利用事務. */
  readonly affair: string;
  /** 情報提供者: 機関コード, or a text that names a class of institutions or several. */
  readonly provider: string;
  /** 利用特定個人情報. */
  readonly information: string;
  /** 事務コード: may be asked about in place of the text. */
  readonly affairCode?: string;
  /** 特定個人情報名コード: may be asked about in place of the text. */
  readonly informationCode?: string;
  /** First day on which the row holds, as `2026-06-14`; default: that of the revision. */
  readonly effectiveFrom?: string;
  /** Last day on which the row holds; default: it holds as long as the revision is in force. */
  readonly effectiveTo?: string;
}

/** The table as it is in force from a day on, until the next revision. Only {@link readPermissionTable} makes one. */
export interface PermissionRevision extends CheckedRows<PermissionRow> {
  /** First day on which it is in force, from 00:00 in Japan, as `2026-06-14`. */
  readonly effectiveFrom: string;
  /** Where the table stands, such as the name of the ordinance. */
  readonly source?: string;
}

/** How a table is written. What a CSV file cannot say about itself is said here. */
export type PermissionTableOptions =
  | {
      /** JSON; the rest stands in the file. */
      readonly format: 'json';
    }
  | {
      /** CSV. */
      readonly format: 'csv';
      /** First day on which the table is in force, as `2026-06-14`. */
      readonly effectiveFrom: string;
      /** Where the table stands, such as the name of the ordinance. */
      readonly source?: string;
    };

/** A table, or all that is wrong with the file. */
export type PermissionTableRead =
  | {
      /** The table. */
      readonly revision: PermissionRevision;
      /** Nothing is wrong. */
      readonly faults?: undefined;
    }
  | {
      /** None is made of a file with a fault. */
      readonly revision?: undefined;
      /** Every fault, by its line. */
      readonly faults: readonly FileFault[];
    };

/** The reader's name, by which what it made is known. */
export const TABLE_READER = 'readPermissionTable';

const HEAD = {
  ...SOURCE,
  effectiveFrom: { kind: 'day', required: true },
} as const satisfies Columns;

const COLUMNS = {
  item: { kind: 'text', required: true },
  inquirer: { kind: 'text', required: true },
  affair: { kind: 'text', required: true },
  provider: { kind: 'text', required: true },
  information: { kind: 'text', required: true },
  affairCode: { kind: 'code', required: false },
  informationCode: { kind: 'code', required: false },
  ...DATES,
} as const satisfies Columns;

/**
 * Reads a permission table (番号法19条8号, 命令9 第2条の表) from JSON or CSV. docs/permission-table.md has the formats.
 *
 * @param text the file, decoded
 * @returns the revision; or every fault of the file, with its line, and no revision
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`: of the options, never of the file
 */
export function readPermissionTable(text: string, options: PermissionTableOptions): PermissionTableRead {
  const file = readRowFile(TABLE_READER, text, options, HEAD, COLUMNS);
  const faults = [
    ...file.faults,
    ...repeatedRows(file.rows, (row) => [row.inquirer, row.affair, row.provider, row.information]),
    ...ambiguousCodes(file.rows, 'affair', 'affairCode'),
    ...ambiguousCodes(file.rows, 'information', 'informationCode'),
  ];
  if (faults.length > 0) return { faults: inOrder(faults) };
  return { revision: sealRows(TABLE_READER, { ...file.head, rows: file.rows.map(({ cells }) => cells) }) };
}

/** A code names one text, and a text has one code, lest a question mean two things. */
function ambiguousCodes(
  rows: readonly FileRow<typeof COLUMNS>[],
  text: 'affair' | 'information',
  code: 'affairCode' | 'informationCode',
): FileFault[] {
  const codes = new Map<string, string>();
  const texts = new Map<string, string>();
  const faults: FileFault[] = [];
  const bare = new Set(rows.map(({ cells }) => cells[text]));
  for (const { line, cells } of rows) {
    const given = cells[code];
    if (given === undefined) continue;
    const meant = texts.get(given) ?? cells[text];
    const named = codes.get(cells[text]) ?? given;
    if (meant !== cells[text] || bare.has(given)) {
      faults.push(faultAt(line, code, `names another ${text} too`));
    } else if (named !== given) {
      faults.push(faultAt(line, code, `is another one than the same ${text} has on a line before`));
    }
    texts.set(given, meant);
    codes.set(cells[text], named);
  }
  return faults;
}
