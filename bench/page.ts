import { type BenchReport, type BenchResult, formatFigure } from './results.js';

/** What a page quotes: each block stands between two comments of its name. */
type Blocks = Readonly<Record<string, (report: BenchReport) => string>>;

/** Where it was measured. */
const machine: Blocks[string] = ({ machine, module, remarks = [] }) =>
  [machine, module, ...remarks].join('\\\n');

/** Blocks of docs/performance.md. */
const BLOCKS: Blocks = {
  machine,
  figures: ({ results }) =>
    markdownTable(
      ['row', 'rate a second', 'limit', 'ratio', 'peak MiB'],
      results.map(({ name, rate, limit, ratio, peakRssMiB }) => [
        `\`${name}\``,
        formatFigure(rate),
        optional(limit, formatFigure),
        optional(ratio, (value) => value.toFixed(2)),
        optional(peakRssMiB, wholeNumber),
      ]),
    ),
  loads: ({ results }) =>
    markdownTable(
      ['row', 'residents', 'generate s', 'receive s', 'store s', 'answers s', 'last tenth ÷ first'],
      results.flatMap(({ name, rows, seconds, lastTenthOverFirst }: BenchResult) =>
        seconds === undefined
          ? []
          : [
              [
                `\`${name}\``,
                optional(rows, (value) => value.toLocaleString('en')),
                ...[seconds.generate, seconds.receive, seconds.store, seconds.answers].map((value) =>
                  value.toFixed(1),
                ),
                optional(lastTenthOverFirst, (value) => value.toFixed(2)),
              ],
            ],
      ),
    ),
  waits: ({ results }) => waitsTable(results),
};

/** Rows a rotation of ten million has; the time it takes is written in minutes. */
const TEN_MILLION = 10_000_000;

/** Blocks of docs/rotation.md. */
export const ROTATION_BLOCKS: Blocks = {
  rotations: ({ results }) => {
    const rotations = results.filter(({ name }) => name.startsWith('rotate.'));
    const jobs = rotations.filter(({ halfLoadP99Ms }) => halfLoadP99Ms === undefined);
    if (rotations.length === 0) return '';
    const heading = ['row', 'rate', 'limit', 'ratio', 'processors', 'minutes for ten million'];
    const table = markdownTable(
      heading,
      jobs.map(({ name, unit, rate, limit, limitedBy, ratio, processors }) => [
        `\`${name}\``,
        `${formatFigure(rate)} ${unit}`,
        [optional(limit, formatFigure), limitedBy ?? ''].filter((text) => text !== '').join(', '),
        optional(ratio, (value) => value.toFixed(2)),
        optional(processors, (value) => value.toFixed(2)),
        (TEN_MILLION / rate / 60).toFixed(1),
      ]),
    );
    return `${table}\n\n${waitsTable(rotations)}`;
  },
};

/** Blocks of docs/mediation.md. */
export const MEDIATION_BLOCKS: Blocks = {
  machine,
  mediation: ({ results }) => {
    const heading = ['row', 'rate', 'limit', 'ratio', 'peak MiB'];
    const table = markdownTable(
      heading,
      results.map(({ name, unit, rate, limit, ratio, peakRssMiB }) => [
        `\`${name}\``,
        `${formatFigure(rate)} ${unit}`,
        optional(limit, formatFigure),
        optional(ratio, (value) => value.toFixed(2)),
        optional(peakRssMiB, wholeNumber),
      ]),
    );
    return `${table}\n\n${waitsTable(results)}`;
  },
  memory: ({ results }) =>
    results
      .flatMap(({ name, rssMiB }) => (rssMiB === undefined ? [] : [[name, rssMiB] as const]))
      .map(([name, rssMiB]) => `\`${name}\`: ${rssMiB.map(wholeNumber).join(', ')} MiB.`)
      .join('\n'),
};

/** The page with the figures of a report, and nothing else changed. */
export function withFigures(page: string, report: BenchReport, blocks: Blocks = BLOCKS): string {
  return Object.entries(blocks).reduce((text, [name, write]) => {
    const [begin, end] = [`<!-- ${name}, from the results file -->`, `<!-- end of ${name} -->`];
    const [before, rest] = split(text, begin);
    const [, after] = split(rest, end);
    const figures = write(report);
    return `${before}${begin}\n\n${figures === '' ? '' : `${figures}\n\n`}${end}${after}`;
  }, page);
}

function waitsTable(results: readonly BenchResult[]): string {
  return markdownTable(
    ['row', 'half wait less than, ms', '99 of 100 wait less than, ms'],
    results.flatMap(({ name, halfLoadP50Ms, halfLoadP99Ms }) =>
      halfLoadP50Ms === undefined || halfLoadP99Ms === undefined
        ? []
        : [[`\`${name}\``, formatFigure(halfLoadP50Ms), formatFigure(halfLoadP99Ms)]],
    ),
  );
}

/** Path of the results file, as the page links to it. */
export function resultsFileOf(page: string): string {
  const [, path] = /\]\(\.\.\/(bench\/results\/[\w.-]+\.json)\)/.exec(page) ?? [];
  if (path === undefined) throw new Error('the page links to no results file');
  return path;
}

function split(text: string, at: string): [string, string] {
  const parts = text.split(at);
  if (parts.length !== 2) throw new Error(`the page must hold ${at} once`);
  return parts as [string, string];
}

/** A table as the formatter of this repository leaves it. */
function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((cell, c) =>
    Math.max(...[cell, ...rows.map((row) => row[c] ?? '')].map((text) => text.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, c) => cell.padEnd(widths[c] as number)).join(' | ')} |`;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function optional(value: number | undefined, write: (value: number) => string): string {
  return value === undefined ? '' : write(value);
}

function wholeNumber(value: number): string {
  return Math.round(value).toLocaleString('en');
}
