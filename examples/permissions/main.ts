import { readFileSync } from 'node:fs';
import {
  openPermissions,
  parseInstitutionCode,
  readBreaches,
  readCellClasses,
  readInstitutionDirectory,
  readPermissionTable,
  uncoveredCells,
} from 'renkei';

const text = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

// Each reader gives what it read, or every fault of the file with its line. A file with a fault is not used at all.
const table = readPermissionTable(text('table.json'), { format: 'json' });
const next = readPermissionTable(text('table-2026-10.csv'), { format: 'csv', effectiveFrom: '2026-10-01' });
const institutions = readInstitutionDirectory(text('institutions.csv'), { format: 'csv' });
const cells = readCellClasses(text('cells.json'), { format: 'json' });
const flags = readBreaches(text('breaches.csv'), { format: 'csv' });
for (const { faults = [] } of [table, next, institutions, cells, flags]) {
  for (const { line, column, fault } of faults) console.error(`line ${line}: ${column ?? ''} ${fault}`);
}
if (table.faults || next.faults || institutions.faults || cells.faults || flags.faults) process.exit(1);

// What the table means and nobody is of: here there is no 厚生労働大臣. An operator decides whether that is as it should be.
for (const { cell, classes } of uncoveredCells(table.revision, institutions.directory, cells.classes)) {
  console.log('nobody is of', classes, 'in', cell);
}

const permissions = await openPermissions({
  revisions: [table.revision],
  directory: institutions.directory,
  classes: cells.classes,
  breaches: flags.breaches,
});
const ask = (day: string, inquirer: string, provider: string, affair: string, information: string) => {
  const [from, to] = [parseInstitutionCode(inquirer), parseInstitutionCode(provider)];
  const at = Date.parse(`${day}T12:00:00+09:00`);
  const answer = permissions.explain({ inquirer: from, provider: to, affair, information, at });
  console.log(day, answer.permitted ? `permitted by 号 ${answer.row.item}` : answer.reason);
};

const [ward, pension, mutual] = ['0220113112101700', '0330100000000100', '0440113112101700'] as const;
ask('2026-04-01', ward, mutual, '児童手当の支給に関する事務', '年金給付関係情報'); // permitted
ask('2026-04-01', ward, mutual, 'JM01000000000001', 'TM00000000000002'); // the same, by short codes
ask('2026-05-15', ward, mutual, '児童手当の支給に関する事務', '年金給付関係情報'); // the provider is in breach
ask('2026-06-30', pension, ward, '国民年金の保険料の免除に関する事務', '地方税関係情報'); // the last day of its row
ask('2026-07-01', pension, ward, '国民年金の保険料の免除に関する事務', '地方税関係情報'); // listed no more
ask('2026-04-01', ward, '9999999999999999', '児童手当の支給に関する事務', '地方税関係情報'); // nobody
ask('2026-03-31', ward, mutual, '児童手当の支給に関する事務', '年金給付関係情報'); // before the first revision

// While requests run: a revision that is in force from its day on, and a breach that is in force at once.
await permissions.add(next.revision);
await permissions.setBreach({ institution: parseInstitutionCode(pension), effectiveFrom: '2026-11-01' });
ask('2026-09-30', ward, mutual, '児童手当の支給に関する事務', '年金給付関係情報'); // as it was permitted on that day
ask('2026-10-01', ward, mutual, '児童手当の支給に関する事務', '年金給付関係情報'); // listed no more
ask('2026-10-01', ward, pension, '介護保険の保険料の徴収に関する事務 (新設, 例)', '年金給付関係情報'); // new
ask('2026-11-01', ward, pension, '介護保険の保険料の徴収に関する事務 (新設, 例)', '年金給付関係情報'); // in breach
