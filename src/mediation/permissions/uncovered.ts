import { dayRule, isWithin, parseDay, periodOf } from '../../codes/calendar-day.js';
import { checkOptions, required } from '../../errors/options.js';
import { type CellClassList, CLASSES_READER } from './cell-classes.js';
import { madeBy } from './checked-rows.js';
import { DIRECTORY_READER, type InstitutionDirectory } from './institution-directory.js';
import { type PermissionRevision, TABLE_READER } from './permission-table.js';

/** A cell that permits less than it may seem: nobody is of something that it means. */
export interface UncoveredCell {
  /** Its text. */
  readonly cell: string;
  /** In which columns it stands. */
  readonly columns: readonly ('inquirer' | 'provider')[];
  /** Rows in which it stands. */
  readonly rows: number;
  /** True when the list of cells says what it means; false when it is taken for the name of a class. */
  readonly isExplained: boolean;
  /** The classes that no institution is of; where nothing explains the cell, the cell itself. */
  readonly classes: readonly string[];
}

/**
 * All cells of a table with a class that no institution is of, in the order of the table: an operator completes the list of
 * cells, or the directory, until nothing unexpected is left. Not an error: no institution need be of every class.
 *
 * @param on the day in Japan, as `2026-06-14`; default: the first day of the revision
 * @throws RenkeiError `OPTION_INVALID`
 */
export function uncoveredCells(
  revision: PermissionRevision,
  directory: InstitutionDirectory,
  classes?: CellClassList,
  on: string = revision.effectiveFrom,
): UncoveredCell[] {
  checkOptions(
    'uncoveredCells',
    { revision, directory, classes, on },
    {
      revision: required(madeBy(TABLE_READER)),
      directory: required(madeBy(DIRECTORY_READER)),
      classes: madeBy(CLASSES_READER),
      on: dayRule,
    },
  );
  const day = parseDay(on) as number;
  const isNow = (row: { readonly effectiveFrom?: string; readonly effectiveTo?: string }) =>
    isWithin(periodOf(row.effectiveFrom, row.effectiveTo), day);
  const there = new Set(
    directory.rows.filter(isNow).flatMap((entry) => [entry.institution as string, ...entry.classes]),
  );
  const meanings = new Map((classes?.rows ?? []).filter(isNow).map((one) => [one.cell, one.classes]));
  const found = new Map<string, { columns: Set<'inquirer' | 'provider'>; rows: number }>();
  for (const row of revision.rows.filter(isNow)) {
    for (const cell of new Set([row.inquirer, row.provider])) {
      const { columns, rows } = found.get(cell) ?? { columns: new Set(), rows: 0 };
      for (const column of ['inquirer', 'provider'] as const) if (row[column] === cell) columns.add(column);
      found.set(cell, { columns, rows: rows + 1 });
    }
  }
  return [...found].flatMap(([cell, { columns, rows }]) => {
    const missing = (meanings.get(cell) ?? [cell]).filter((name) => !there.has(name));
    if (missing.length === 0) return [];
    return [{ cell, columns: [...columns], rows, isExplained: meanings.has(cell), classes: missing }];
  });
}
