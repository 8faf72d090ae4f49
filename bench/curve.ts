import { type Axis, axisTo } from './axis.js';
import { type BenchReport, type CurvePoint, formatFigure } from './results.js';

/** A curve and what it is of. */
export interface NamedCurve {
  readonly name: string;
  readonly points: readonly CurvePoint[];
}

const NAMES: Readonly<Record<string, string>> = {
  'issue.sqlite-bulk': 'SQLite',
  'issue.postgres-bulk': 'PostgreSQL',
};

/** The curves a report holds, under the names of their stores. */
export function curvesOf({ results }: BenchReport): NamedCurve[] {
  return results.flatMap(({ name, curve = [] }) =>
    curve.length === 0 ? [] : [{ name: NAMES[name] ?? name, points: curve }],
  );
}

const WIDTH = 860;
const HEIGHT = 440;
const LEFT = 84;
const RIGHT = 832;
const TOP = 92;
const BOTTOM = 376;
const MARGIN = 20;
const TITLE = 'Bulk load: rate of storing against rows stored';
/** Legible on a white page and on a black one. */
const NEUTRAL = '#7d7d7d';
const COLOURS = ['#2b83d6', '#d9730d'] as const;

/**
 * Draws curves as one SVG picture: rows stored to the right, rows a second upwards, both from 0. The same figures give
 * the same bytes everywhere.
 */
export function drawCurves(curves: readonly NamedCurve[]): string {
  const all = curves.flatMap(({ points }) => points);
  if (all.length === 0) throw new Error('there is no curve to draw');
  const across = axisTo(Math.max(...all.map(({ rows }) => rows)));
  const up = axisTo(Math.max(...all.map(({ rate }) => rate)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title description" font-family="sans-serif" font-size="13">`,
    `<title id="title">${TITLE}</title>`,
    `<desc id="description">${inXml(curves.map(inWords).join(' '))}</desc>`,
    `<text x="${MARGIN}" y="30" font-size="17" fill="${NEUTRAL}">${TITLE}</text>`,
    text(MARGIN, TOP - 22, 'rows a second, in thousands'),
    text((LEFT + RIGHT) / 2, BOTTOM + 48, 'rows stored, in millions', 'middle'),
    ...up.marks.flatMap((rate) => [
      `<path d="M${LEFT} ${height(rate, up)}H${RIGHT}" stroke="${NEUTRAL}" stroke-opacity="0.3"/>`,
      text(LEFT - 10, height(rate, up) + 4.5, inUnits(rate, 1e3), 'end'),
    ]),
    ...across.marks.flatMap((rows) => [
      `<path d="M${place(rows, across)} ${BOTTOM}v6" stroke="${NEUTRAL}"/>`,
      text(place(rows, across), BOTTOM + 22, inUnits(rows, 1e6), 'middle'),
    ]),
    ...curves.flatMap((curve, n) => drawCurve(curve, n, across, up)),
    '</svg>\n',
  ].join('\n');
}

/** The line, its points, and its entry in the legend. */
function drawCurve({ name, points }: NamedCurve, n: number, across: Axis, up: Axis): string[] {
  const colour = COLOURS[n % COLOURS.length];
  const places = points.map(({ rows, rate }) => [place(rows, across), height(rate, up)] as const);
  const [left, top] = [RIGHT - 120, 26 + n * 20];
  return [
    `<g class="curve" fill="${colour}" stroke="${colour}">`,
    `<polyline points="${places.join(' ')}" fill="none"/>`,
    ...places.map(([x, y]) => mark(x, y, n)),
    '</g>',
    `<g fill="${colour}" stroke="${colour}">`,
    `<path d="M${left - 14} ${top}h28"/>`,
    mark(left, top, n),
    '</g>',
    text(left + 24, top + 4.5, name),
  ];
}

/** A point: round or square, so that curves are told apart without their colours. */
function mark(x: number, y: number, n: number): string {
  if (n % 2 === 0) return `<circle cx="${x}" cy="${y}" r="2.5"/>`;
  return `<rect x="${hundredths(x - 2.5)}" y="${hundredths(y - 2.5)}" width="5" height="5"/>`;
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${NEUTRAL}">${inXml(words)}</text>`;
}

/** What who cannot see the picture reads. */
function inWords({ name, points }: NamedCurve): string {
  const rates = points.map(({ rate }) => rate);
  const rows = formatFigure(points.at(-1)?.rows ?? 0);
  const [least, most] = [formatFigure(Math.min(...rates)), formatFigure(Math.max(...rates))];
  return `${name}: ${rows} rows, stored at ${least} to ${most} a second.`;
}

function place(rows: number, { end }: Axis): number {
  return hundredths(LEFT + (rows / end) * (RIGHT - LEFT));
}

function height(rate: number, { end }: Axis): number {
  return hundredths(BOTTOM - (rate / end) * (BOTTOM - TOP));
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

function inUnits(value: number, unit: number): string {
  return (value / unit).toLocaleString('en', { maximumFractionDigits: 3 });
}

function inXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
