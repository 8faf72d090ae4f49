import { overlap, periodOf } from '../../codes/calendar-day.js';
import { type FileFault, faultAt } from './file-fault.js';
import type { Columns, FileRow } from './row-shape.js';

interface Dated {
  readonly effectiveFrom?: string;
  readonly effectiveTo?: string;
}

/** Faults of rows that say the same, or something else, about one thing for some of the same days. */
export function repeatedRows<C extends Columns>(
  rows: readonly FileRow<C>[],
  thingOf: (cells: FileRow<C>['cells']) => readonly string[],
): FileFault[] {
  const things = new Map<string, FileRow<C>[]>();
  for (const row of rows) {
    const thing = JSON.stringify(thingOf(row.cells));
    const same = things.get(thing);
    if (same === undefined) things.set(thing, [row]);
    else same.push(row);
  }
  return [...things.values()].flatMap(overlapping);
}

function overlapping<C extends Columns>(rows: readonly FileRow<C>[]): FileFault[] {
  const dated = rows.map(({ line, cells }) => {
    const { effectiveFrom, effectiveTo } = cells as Dated;
    return { line, period: periodOf(effectiveFrom, effectiveTo) };
  });
  dated.sort((a, b) => a.period.first - b.period.first || a.line - b.line);
  let [longest] = dated;
  const faults: FileFault[] = [];
  for (const row of dated) {
    if (longest === undefined || row === longest) continue;
    if (overlap(longest.period, row.period)) {
      const [earlier, later] = [longest.line, row.line].sort((a, b) => a - b) as [number, number];
      faults.push(
        faultAt(later, undefined, `is about the same as line ${earlier}, on some of the same days`),
      );
    }
    if (row.period.last > longest.period.last) longest = row;
  }
  return faults;
}
