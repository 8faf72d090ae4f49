import Sqlite from 'better-sqlite3';
import { checkRecords, type RecordFinding } from 'renkei';
import { type LogFinding, verifyLog } from 'renkei/audit';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { count, type Row } from './figures.js';
import { printTable } from './table.js';

/** A record file, and what whoever verifies its log must know. */
export interface LogToVerify {
  readonly path: string;
  /** SubjectPublicKeyInfo (DER) of the audit key. */
  readonly publicKey: Uint8Array;
  readonly origin: string;
}

/**
 * Verifies the log with the public key alone, and the records against the log; then somebody with the database changes an
 * entry and a record, and is found out.
 */
export async function verifyAndTamper(log: LogToVerify): Promise<void> {
  const before = await verify(log);
  if (before.findings.length > 0) throw new Error('log and records do not verify');
  const rows: Row[] = [
    [`entries verified, ${count(before.signed)} of them under a signed checkpoint`, count(before.size), ''],
  ];
  const index = Math.floor(before.size / 2);
  changeEntry(log.path, index);
  changeRecord(log.path, 1);
  const { findings } = await verify(log);
  for (const wanted of [`entry-changed, index ${index}`, 'row-changed, serial 1']) {
    if (!findings.some((finding) => finding.startsWith(wanted))) throw new Error(`not found: ${wanted}`);
  }
  for (const finding of findings) rows.push([`found: ${finding}`, '1', '']);
  printTable(`One entry, ${count(index)}, and one record, 1, were changed in the file`, rows);
}

async function verify({ path, publicKey, origin }: LogToVerify) {
  await using store = await openSqliteRecordStore({ path, create: false });
  const { findings, size, signed } = await verifyLog({ store, publicKeys: [publicKey], origin });
  const found = findings.map(describe);
  for await (const finding of checkRecords(store)) found.push(describe(finding));
  return { findings: found, size, signed };
}

/** What is wrong, and where. */
function describe({ finding, ...where }: LogFinding | RecordFinding): string {
  return [finding, ...Object.entries(where).map(([name, value]) => `${name} ${value}`)].join(', ');
}

/** The entry of one record, so it says, is of another. */
function changeEntry(path: string, index: number): void {
  change(path, 'log_entry', 'idx', index, (text) => text.replace(/"serial":(\d)/, '"serial":1$1'));
}

/** Something else was asked for, so it says. */
function changeRecord(path: string, serial: number): void {
  change(path, 'record', 'serial', serial, (text) => text.replace('合計所得金額', '所得の額'));
}

function change(
  path: string,
  table: string,
  key: string,
  value: number,
  how: (text: string) => string,
): void {
  const database = new Sqlite(path);
  const { text } = database.prepare(`SELECT text FROM ${table} WHERE ${key} = ?`).get(value) as {
    text: string;
  };
  database.prepare(`UPDATE ${table} SET text = ? WHERE ${key} = ?`).run(how(text), value);
  database.close();
}
