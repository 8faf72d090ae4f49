import {
  type BreachList,
  type CellClassList,
  type InstitutionDirectory,
  type PermissionRevision,
  readBreaches,
  readCellClasses,
  readInstitutionDirectory,
  readPermissionTable,
} from 'renkei';

/** Rows as a file has them. */
export type Rows = readonly Readonly<Record<string, string | readonly string[]>>[];

const json = { format: 'json' } as const;

/** A revision of the table, whose rows must be right. */
export function tableOf(effectiveFrom: string, rows: Rows): PermissionRevision {
  return right(readPermissionTable(JSON.stringify({ effectiveFrom, rows }), json)).revision;
}

/** A directory, whose rows must be right. */
export function directoryOf(rows: Rows): InstitutionDirectory {
  return right(readInstitutionDirectory(JSON.stringify({ rows }), json)).directory;
}

/** What cells mean; rows must be right. */
export function classesOf(rows: Rows): CellClassList {
  return right(readCellClasses(JSON.stringify({ rows }), json)).classes;
}

/** Breaches, whose rows must be right. */
export function breachesOf(rows: Rows): BreachList {
  return right(readBreaches(JSON.stringify({ rows }), json)).breaches;
}

/** Rows as a CSV file has them, every cell in quotes. */
export function csvOf(rows: Rows): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cellOf = (value: string | readonly string[] = '') =>
    `"${(typeof value === 'string' ? value : value.join(';')).replaceAll('"', '""')}"`;
  const lines = rows.map((row) => columns.map((column) => cellOf(row[column])).join(','));
  return [columns.join(','), ...lines, ''].join('\r\n');
}

function right<T extends { readonly faults?: unknown }>(
  read: T,
): Extract<T, { readonly faults?: undefined }> {
  if (read.faults !== undefined) throw new Error(JSON.stringify(read.faults));
  return read as Extract<T, { readonly faults?: undefined }>;
}
