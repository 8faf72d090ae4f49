import { readFileSync } from 'node:fs';
import {
  type OperationLog,
  openPermissions,
  type Permissions,
  readCellClasses,
  readInstitutionDirectory,
  readPermissionTable,
} from 'renkei';

/** What A may ask B for, by the table of examples/permissions. */
export const PERMITTED = {
  affair: '児童手当の支給に関する事務',
  information: '地方税関係情報',
  items: ['合計所得金額', '扶養親族の数'],
} as const;
/** What B does not provide, by the same table. */
export const NOT_LISTED = { ...PERMITTED, information: '年金給付関係情報' } as const;

/** The table of examples/permissions, without its breaches. */
export async function examplePermissions(log: OperationLog): Promise<Permissions> {
  const text = (name: string) => readFileSync(new URL(`../permissions/${name}`, import.meta.url), 'utf8');
  const { revision } = readPermissionTable(text('table.json'), { format: 'json' });
  const { directory } = readInstitutionDirectory(text('institutions.csv'), { format: 'csv' });
  const { classes } = readCellClasses(text('cells.json'), { format: 'json' });
  if (revision === undefined || directory === undefined || classes === undefined) {
    throw new Error('the files of examples/permissions do not load');
  }
  return openPermissions({ revisions: [revision], directory, classes, log });
}
