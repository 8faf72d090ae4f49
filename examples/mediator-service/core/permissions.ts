import { readFileSync } from 'node:fs';
import {
  type FileFault,
  type OperationLog,
  openPermissions,
  type Permissions,
  readInstitutionDirectory,
  readPermissionTable,
} from 'renkei';
import { INSTITUTIONS } from '../place/institutions.js';

/** Opens the example's permission table and its directory of institutions; the log says by which is decided. */
export async function openExamplePermissions(log: OperationLog): Promise<Permissions> {
  const file = new URL('../place/permission-table.json', import.meta.url);
  const { revision, faults: ofTable = [] } = readPermissionTable(readFileSync(file, 'utf8'), {
    format: 'json',
  });
  const rows = Object.values(INSTITUTIONS).map(({ code, name, kind }) => ({
    institution: code,
    name,
    classes: [kind],
  }));
  const text = JSON.stringify({ rows }, undefined, 1);
  const { directory, faults: ofDirectory = [] } = readInstitutionDirectory(text, { format: 'json' });
  if (revision === undefined || directory === undefined) {
    throw new Error(`the permission table: ${inWords([...ofTable, ...ofDirectory])}`);
  }
  return openPermissions({ revisions: [revision], directory, log });
}

function inWords(faults: readonly FileFault[]): string {
  return faults.map(({ line, fault }) => `line ${line}: ${fault}`).join('; ');
}
