import { axisTo } from './axis.js';
import type { NamedCurve } from './curve.js';
import { formatFigure } from './results.js';

const COLUMNS = 72;
const LINES = 14;
const LABEL = 11;
const MARKS = ['o', '+'] as const;

/** The same curves in letters, for a terminal. Where two points fall on one place, the later curve's is seen. */
export function sketchCurves(curves: readonly NamedCurve[]): string {
  const all = curves.flatMap(({ points }) => points);
  const across = axisTo(Math.max(...all.map(({ rows }) => rows)));
  const up = axisTo(Math.max(...all.map(({ rate }) => rate)));
  const grid = Array.from({ length: LINES + 1 }, () => new Array<string>(COLUMNS + 1).fill(' '));
  curves.forEach(({ points }, n) => {
    for (const { rows, rate } of points) {
      const line = grid[LINES - Math.round((rate / up.end) * LINES)] as string[];
      line[Math.round((rows / across.end) * COLUMNS)] = MARKS[n % MARKS.length] as string;
    }
  });
  const labels = new Map(up.marks.map((rate) => [LINES - Math.round((rate / up.end) * LINES), rate]));
  const lines = grid.map((cells, line) => {
    const rate = labels.get(line);
    const label = rate === undefined ? '' : rate.toLocaleString('en');
    return `${label.padStart(LABEL)} |${cells.join('')}`.trimEnd();
  });
  const legend = curves.map(({ name }, n) => `${MARKS[n % MARKS.length]} ${name}`).join('   ');
  const end = `${formatFigure(across.end)} rows`;
  return [
    `${legend}   (rows a second against rows stored)`,
    ...lines,
    `${' '.repeat(LABEL)} +${'-'.repeat(COLUMNS + 1)}`,
    `${' '.repeat(LABEL)}  0${end.padStart(COLUMNS)}`,
  ].join('\n');
}
