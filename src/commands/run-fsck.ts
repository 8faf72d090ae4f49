import { parseArgs } from 'node:util';
import { checkRecords, type RecordFinding, RenkeiError, type StoreFinding } from 'renkei';
import { openExistingRecords, openExistingStore, type StorePlace } from './open-store.js';

const USAGE =
  'usage: npm run --silent fsck -- --[records-]sqlite PATH | --[records-]postgres-env NAME [--schema NAME]';

/** Lines about a record file: in one that is damaged throughout, more would help nobody. */
const MOST_LINES = 1_000;

/** What a check has to say. */
export interface FsckReport {
  /** One line a finding, and one that sums up. */
  readonly text: string;
  /** How many there are. */
  readonly findings: number;
}

/**
 * Checks a store by itself, without a vault: no PIN is needed, and no code is opened. Of an issuance store each invariant is
 * checked, as `Issuer.checkStore` does too; of a record file each row against the log, and the log from its beginning.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or a store error
 */
export async function runFsck(args: readonly string[]): Promise<FsckReport> {
  const { sqlite, 'postgres-env': postgres, schema, ...records } = readValues(args);
  const { 'records-sqlite': recordsSqlite, 'records-postgres-env': recordsPostgres } = records;
  if (recordsSqlite === undefined && recordsPostgres === undefined) {
    return checkIssuances({ sqlite, postgres, schema });
  }
  if (sqlite !== undefined || postgres !== undefined) throw new RenkeiError('OPTION_INVALID', USAGE);
  return checkRecordFile({ sqlite: recordsSqlite, postgres: recordsPostgres, schema });
}

async function checkIssuances(place: StorePlace): Promise<FsckReport> {
  const store = await openExistingStore(place, USAGE);
  try {
    // A store that was made and never used is not the one that was meant, and must not pass for a store in order.
    if ((await store.listKeys()).length === 0) {
      throw new RenkeiError(
        'OPTION_INVALID',
        'there are no keys on record: no issuer was ever opened on this store',
      );
    }
    const findings = await store.check();
    if (findings.length > 0) return report(findings.map(line), findings.length);
    const { keys, persons, aliases, issuances } = await store.count();
    return clean(`keys ${keys}, persons ${persons}, aliases ${aliases}, issuances ${issuances}`);
  } finally {
    await store.close();
  }
}

async function checkRecordFile(place: StorePlace): Promise<FsckReport> {
  const store = await openExistingRecords(place, USAGE);
  try {
    const { size } = await store.logHead();
    // As above.
    if (size === 0) {
      throw new RenkeiError(
        'OPTION_INVALID',
        'the log is empty: nothing was ever written to this record file',
      );
    }
    const lines: string[] = [];
    let findings = 0;
    for await (const finding of checkRecords(store)) {
      if (findings++ < MOST_LINES) lines.push(recordLine(finding));
    }
    if (findings > 0) return report(lines, findings);
    const periods = await store.periods();
    const rows = periods.reduce((sum, period) => sum + period.rows, 0);
    return clean(`periods ${periods.length}, rows ${rows}, log entries ${size}`);
  } finally {
    await store.close();
  }
}

function report(lines: readonly string[], findings: number): FsckReport {
  const more = findings > lines.length ? 'more are not listed\n' : '';
  return { text: `${lines.join('')}${more}findings: ${findings}\n`, findings };
}

function clean(counts: string): FsckReport {
  return { text: `clean: ${counts}\n`, findings: 0 };
}

function line({ invariant, rows, detail }: StoreFinding): string {
  return `${invariant}: ${rows}${detail === undefined ? '' : ` (${detail})`}\n`;
}

function recordLine({ finding, ...where }: RecordFinding): string {
  const places = Object.entries(where).map(([name, value]) => `${name} ${value}`);
  return `${finding}: ${places.join(', ')}\n`;
}

function readValues(args: readonly string[]) {
  try {
    const options = {
      sqlite: { type: 'string' },
      'postgres-env': { type: 'string' },
      'records-sqlite': { type: 'string' },
      'records-postgres-env': { type: 'string' },
      schema: { type: 'string' },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch {
    throw new RenkeiError('OPTION_UNKNOWN', USAGE);
  }
}
