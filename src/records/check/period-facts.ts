import type { AccessRecord } from '../../stores/access-record.js';
import type { LogEntry } from '../../stores/log-port.js';
import type { RecordPeriodState } from '../../stores/record-port.js';
import type { RecordFinding } from './finding.js';
import type { FirstBranch } from './rows-in-log.js';

interface Facts {
  isErased: boolean;
  /** Generation that the log says rows are found under; else that of the first row. */
  generation?: number;
  /** Rows that the log says are left: written and not erased. */
  rows: number;
}

/** What log and rows say of record periods, gathered on the way. */
export class PeriodFacts {
  readonly #logged = new Map<string, Facts>();
  readonly #firstRows = new Map<string, number>();
  readonly #counted = new Map<string, number>();

  /** Takes in an entry. */
  addEntry({ event, details: { period, generation, rows } }: LogEntry): void {
    if (typeof period !== 'string') return;
    if (event === 'record') this.#of(period).rows++;
    if (event === 'records.erased') this.#of(period).rows -= Number(rows);
    if (event === 'records.erasing') this.#of(period).isErased = true;
    if (event === 'records.generation') this.#of(period).generation = Number(generation);
  }

  /** Takes in a first branch; they come by their serial numbers. */
  addRow({ row: { period }, origin: { generation } }: FirstBranch): void {
    if (!this.#firstRows.has(period)) this.#firstRows.set(period, generation);
  }

  /**
   * Counts a row of the file, when all of the log was taken in.
   *
   * @returns whether there can be such a row: false when the log says that all of its period were erased
   */
  count({ period }: AccessRecord): boolean {
    this.#counted.set(period, (this.#counted.get(period) ?? 0) + 1);
    const { isErased, rows } = this.#logged.get(period) ?? { isErased: false, rows: 0 };
    return !isErased || rows > 0;
  }

  /** Periods of which the file says something else. */
  compare(states: readonly RecordPeriodState[]): RecordFinding[] {
    const known = new Map(states.map((state) => [state.period, state]));
    const periods = new Set([...known.keys(), ...this.#logged.keys()]);
    return [...periods].sort().flatMap((period): RecordFinding[] => {
      const state = known.get(period);
      const { isErased = false, generation, rows = 0 } = this.#logged.get(period) ?? {};
      // Of a period that is being erased the first row may be gone.
      const expected =
        generation ?? (isErased ? undefined : this.#firstRows.get(period)) ?? state?.generation;
      const isRight =
        state?.erased === isErased &&
        state.generation === expected &&
        state.leastGeneration >= state.generation &&
        // Of an erased one no row is to come any more. Where none is left at all, each that is there was named.
        (!isErased || rows <= 0 || (this.#counted.get(period) ?? 0) <= rows);
      return isRight ? [] : [{ finding: 'period-changed', period }];
    });
  }

  #of(period: string): Facts {
    let facts = this.#logged.get(period);
    if (facts === undefined) {
      facts = { isErased: false, rows: 0 };
      this.#logged.set(period, facts);
    }
    return facts;
  }
}
