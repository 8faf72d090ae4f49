import type { CurvePoint } from './results.js';

/** Slices of a curve. */
const SLICES = 50;

/** Follows a load and says how its rate went. Knows only what it is told: nothing between two reports is guessed. */
export class RateCurve {
  readonly #total: number;
  readonly #reports: { readonly rows: number; readonly ms: number }[];

  /** @param total rows of the whole load; @param beginMs when it began */
  constructor(total: number, beginMs: number) {
    this.#total = total;
    this.#reports = [{ rows: 0, ms: beginMs }];
  }

  /** Says how many rows are stored by now. */
  report(rows: number, ms: number): void {
    const last = this.#last();
    if (rows > last.rows && ms > last.ms) this.#reports.push({ rows, ms });
  }

  /**
   * The rate over each fiftieth of the load, or between two reports where these are farther apart. What is left at the
   * end is a point of its own from half a slice on: the rate of a few rows says nothing.
   */
  points(): CurvePoint[] {
    const points: CurvePoint[] = [];
    let from = this.#reports[0] as { rows: number; ms: number };
    for (const to of this.#reports.slice(1)) {
      const slice = this.#total / SLICES;
      const next = (Math.floor(from.rows / slice) + 1) * slice;
      if (to !== this.#last() && (to.rows < next || this.#last().rows - to.rows < slice / 2)) continue;
      points.push({ rows: to.rows, rate: rateBetween(from, to) });
      from = to;
    }
    return points;
  }

  /** Rate over the last tenth of the rows ÷ rate over the first. */
  lastTenthOverFirst(): number {
    const tenth = this.#total / 10;
    const begin = this.#reports[0] as { rows: number; ms: number };
    const first = this.#reports.find(({ rows }) => rows >= tenth) ?? this.#last();
    const last = this.#reports.findLast(({ rows }) => rows <= this.#total - tenth) ?? begin;
    return rateBetween(last, this.#last()) / rateBetween(begin, first);
  }

  #last(): { readonly rows: number; readonly ms: number } {
    return this.#reports.at(-1) as { rows: number; ms: number };
  }
}

function rateBetween(
  from: { readonly rows: number; readonly ms: number },
  to: { readonly rows: number; readonly ms: number },
): number {
  return ((to.rows - from.rows) / (to.ms - from.ms)) * 1000;
}
