import type { Database, Statement } from 'better-sqlite3';
import type { RecordPeriodState } from '../../record-port.js';
import { storedCount, storedText, storedVersion } from '../stored-values.js';

type Row = readonly [
  name: unknown,
  generation: unknown,
  leastGeneration: unknown,
  firstSerial: unknown,
  rows: unknown,
  erased: unknown,
];

/** A period with the serial number below which none of its rows is. */
export interface PeriodRow extends RecordPeriodState {
  readonly firstSerial: number;
}

/** The periods of a record file, with the number of their rows. Everything belongs inside a transaction. */
export class RecordPeriods {
  readonly #all: Statement<[], Row>;
  readonly #add: Statement<[string, number, number, number]>;
  readonly #count: Statement<[number, string]>;
  readonly #raise: Statement<[number, string]>;
  readonly #settle: Statement<[number, string]>;
  readonly #erase: Statement<[number, number, string]>;

  constructor(database: Database) {
    this.#all = database
      .prepare<[], Row>(
        'SELECT name, generation, least_generation, first_serial, rows, erased FROM period ORDER BY name',
      )
      .raw();
    this.#add = database.prepare('INSERT INTO period VALUES (?, ?, ?, ?, 0, 0)');
    this.#count = database.prepare('UPDATE period SET rows = rows + ? WHERE name = ?');
    this.#raise = database.prepare(
      'UPDATE period SET least_generation = max(least_generation, ?) WHERE name = ?',
    );
    this.#settle = database.prepare('UPDATE period SET generation = ? WHERE name = ?');
    this.#erase = database.prepare(
      'UPDATE period SET erased = 1, rows = rows - ?, first_serial = ? WHERE name = ?',
    );
  }

  /** All of them by name, in the order of their names. */
  all(): ReadonlyMap<string, PeriodRow> {
    return new Map(this.#all.all().map((row) => [storedText(row[0], 'period'), periodRow(row)]));
  }

  /**
   * Adds a period without rows.
   *
   * @param firstSerial none of its rows will have a lower one
   */
  add(period: string, generation: number, firstSerial: number): void {
    this.#add.run(period, generation, generation, firstSerial);
  }

  /** Counts new rows. */
  count(period: string, rows: number): void {
    this.#count.run(rows, period);
  }

  /** Raises the least generation of new rows to this one. */
  raise(period: string, generation: number): void {
    this.#raise.run(generation, period);
  }

  /** Says which generation's codes a period's rows are found under; its least generation is to be as high. */
  settle(period: string, generation: number): void {
    this.#settle.run(generation, period);
  }

  /** Takes rows off the count of a period, which takes none any more. */
  erase(period: string, rows: number, firstSerial: number): void {
    this.#erase.run(rows, firstSerial, period);
  }
}

function periodRow([name, generation, leastGeneration, firstSerial, rows, erased]: Row): PeriodRow {
  return {
    period: storedText(name, 'period'),
    generation: storedVersion(generation),
    leastGeneration: storedVersion(leastGeneration),
    firstSerial: storedCount(firstSerial, 'serial number'),
    rows: storedCount(rows, 'number of rows'),
    erased: erased !== 0,
  };
}
