import type { Database, Statement } from 'better-sqlite3';
import type { StoredRecord } from '../../access-record.js';
import type { RecordsPage } from '../../record-port.js';
import type { NewRecordRow } from '../../record-writing.js';
import { storedCode, storedCount, storedText } from '../stored-values.js';

type Row = readonly [
  serial: unknown,
  branch: unknown,
  period: unknown,
  recordCode: unknown,
  entry: unknown,
  text: unknown,
];
type NewRow = [number, number, string, Uint8Array, number, number, string | null, string | null, string];

const COLUMNS = 'serial, branch, period, record_code, entry, text';

/** The rows of a record file. Everything belongs inside a transaction. */
export class RecordRows {
  readonly #insert: Statement<NewRow>;
  readonly #request: Statement<[string, string], Row>;
  readonly #latest: Statement<[number], Row>;
  readonly #person: Statement<[number, string, Uint8Array, number, number], Row>;
  readonly #after: Statement<[number, number, number], Row>;
  readonly #rekey: Statement<[Uint8Array, number, number, number, number]>;
  readonly #ofPeriod: Statement<[number, string, number], readonly [row: number, serial: number]>;
  readonly #delete: Statement<[number]>;

  constructor(database: Database) {
    const rows = <Given extends unknown[]>(sql: string) => database.prepare<Given, Row>(sql).raw();
    this.#insert = database.prepare('INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#request = rows(
      `SELECT ${COLUMNS} FROM record WHERE inquirer = ? AND request_id = ? AND branch = 1`,
    );
    this.#latest = rows(`SELECT ${COLUMNS} FROM record WHERE serial = ? ORDER BY branch DESC LIMIT 1`);
    this.#person = rows(
      `SELECT ${COLUMNS}
         FROM (SELECT serial AS wanted FROM record
                WHERE branch = 1 AND person = ? AND period = ? AND record_code = ? AND serial < ?
                ORDER BY serial DESC LIMIT ?)
              CROSS JOIN record ON serial = wanted
        ORDER BY serial DESC, branch`,
    );
    this.#after = rows(
      `SELECT ${COLUMNS} FROM record WHERE (serial, branch) > (?, ?) ORDER BY serial, branch LIMIT ?`,
    );
    this.#rekey = database.prepare(
      'UPDATE record SET record_code = ?, person = ?, entry = ? WHERE serial = ? AND branch = ?',
    );
    this.#ofPeriod = database
      .prepare<[number, string, number], readonly [number, number]>(
        `SELECT rowid, serial FROM record
          WHERE serial >= ? AND period = ? ORDER BY serial, branch DESC LIMIT ?`,
      )
      .raw();
    this.#delete = database.prepare('DELETE FROM record WHERE rowid = ?');
  }

  /** Writes a new row. */
  insert({ serial, branch, period, recordCode, entry, request, text }: NewRecordRow): void {
    const { inquirer = null, requestId = null } = request ?? {};
    this.#insert.run(
      serial,
      branch,
      period,
      recordCode,
      personOf(recordCode),
      entry,
      inquirer,
      requestId,
      text,
    );
  }

  /** The first branch of what is on record under an inquirer's own name of a request. */
  ofRequest(inquirer: string, requestId: string): StoredRecord | undefined {
    return stored(this.#request.get(inquirer, requestId));
  }

  /** The last branch of a serial number. */
  latest(serial: number): StoredRecord | undefined {
    return stored(this.#latest.get(serial));
  }

  /**
   * All branches of a person's records, the newest serial number first; by default as many as there are.
   *
   * @param serials most serial numbers wanted
   */
  ofPerson(
    period: string,
    recordCode: Uint8Array,
    beforeSerial = Number.MAX_SAFE_INTEGER,
    serials = Number.MAX_SAFE_INTEGER,
  ): StoredRecord[] {
    return this.#person
      .all(personOf(recordCode), period, recordCode, beforeSerial, serials)
      .map(storedRecord);
  }

  /** Rows by serial number and branch. */
  page({ after = { serial: 0, branch: 0 }, limit }: RecordsPage): StoredRecord[] {
    return this.#after.all(after.serial, after.branch, limit).map(storedRecord);
  }

  /** Puts a row under another record code. */
  rekey({ serial, branch, recordCode, entry }: StoredRecord): void {
    this.#rekey.run(recordCode, personOf(recordCode), entry, serial, branch);
  }

  /**
   * Erases rows of a period by ascending serial number, of each the last branch first, so that what is left of a record
   * has no gap.
   *
   * @param fromSerial none of the period has a lower one
   * @returns how many, and the serial number of the last one
   */
  erase(
    period: string,
    fromSerial: number,
    limit: number,
  ): { readonly rows: number; readonly serial: number } {
    const rows = this.#ofPeriod.all(fromSerial, period, limit);
    for (const [row] of rows) this.#delete.run(row);
    return { rows: rows.length, serial: rows.at(-1)?.[1] ?? fromSerial };
  }
}

/** The first bytes of a record code, as many as a number holds exactly. */
function personOf(code: Uint8Array): number {
  const view = new DataView(code.buffer, code.byteOffset);
  return view.getUint32(0) * 2 ** 16 + view.getUint16(4);
}

function stored(row: Row | undefined): StoredRecord | undefined {
  return row === undefined ? undefined : storedRecord(row);
}

function storedRecord([serial, branch, period, recordCode, entry, text]: Row): StoredRecord {
  return {
    serial: storedCount(serial, 'serial number'),
    branch: storedCount(branch, 'branch'),
    period: storedText(period, 'period'),
    recordCode: storedCode(recordCode),
    entry: storedCount(entry, 'place in the log'),
    text: storedText(text, 'record'),
  };
}
