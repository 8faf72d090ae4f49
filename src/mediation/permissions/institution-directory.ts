import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';
import { type CheckedRows, sealRows } from './checked-rows.js';
import { type FileFault, faultAt, inOrder } from './file-fault.js';
import { repeatedRows } from './repeated-rows.js';
import { type FileOptions, readRowFile } from './row-file.js';
import { type Columns, DATES, type FileRow, SOURCE } from './row-shape.js';

/** What an institution (情報照会者等) is called and is, for a time. */
export interface InstitutionEntry {
  /** 機関コード. */
  readonly institution: InstitutionCode;
  /** 名称. */
  readonly name: string;
  /** Classes that it is of, such as 市町村長, as the table or the list of cells names them. */
  readonly classes: readonly string[];
  /** First day, as `2026-06-14`; default: since ever. */
  readonly effectiveFrom?: string;
  /** Last day; default: for good. */
  readonly effectiveTo?: string;
}

/** All institutions. Only {@link readInstitutionDirectory} makes one. */
export interface InstitutionDirectory extends CheckedRows<InstitutionEntry> {
  /** Where it comes from. */
  readonly source?: string;
}

/** A directory, or all that is wrong with the file. */
export type InstitutionDirectoryRead =
  | {
      /** The directory. */
      readonly directory: InstitutionDirectory;
      /** Nothing is wrong. */
      readonly faults?: undefined;
    }
  | {
      /** None is made of a file with a fault. */
      readonly directory?: undefined;
      /** Every fault, by its line. */
      readonly faults: readonly FileFault[];
    };

/** The reader's name, by which what it made is known. */
export const DIRECTORY_READER = 'readInstitutionDirectory';

const COLUMNS = {
  institution: { kind: 'code', required: true },
  name: { kind: 'text', required: true },
  classes: { kind: 'list', required: true },
  ...DATES,
} as const satisfies Columns;

/**
 * Reads a directory of institutions from JSON or CSV. An institution may have several rows, one after the other.
 *
 * @param text the file, decoded
 * @returns the directory; or every fault of the file, with its line, and no directory
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`: of the options, never of the file
 */
export function readInstitutionDirectory(text: string, options: FileOptions): InstitutionDirectoryRead {
  const file = readRowFile(DIRECTORY_READER, text, options, SOURCE, COLUMNS);
  const faults = [
    ...file.faults,
    ...repeatedRows(file.rows, ({ institution }) => [institution]),
    ...borrowedCodes(file.rows),
  ];
  if (faults.length > 0) return { faults: inOrder(faults) };
  const rows = file.rows.map(({ cells }) => ({
    ...cells,
    institution: parseInstitutionCode(cells.institution),
  }));
  return { directory: sealRows(DIRECTORY_READER, { ...file.head, rows }) };
}

/** A cell that holds a 機関コード means this one institution: nothing else is of a class of that name. */
function borrowedCodes(rows: readonly FileRow<typeof COLUMNS>[]): FileFault[] {
  const codes = new Set(rows.map(({ cells }) => cells.institution));
  return rows
    .filter(({ cells }) => cells.classes.some((name) => codes.has(name)))
    .map(({ line }) => faultAt(line, 'classes', 'names a class like the code of an institution'));
}
