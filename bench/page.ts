import { type BenchReport, type BenchResult, formatFigure } from './results.js';

/** What the page quotes: each block stands between two comments of its name. */
const BLOCKS: Readonly<Record<string, (report: BenchReport) => string>> = {
  machine: ({ machine, module, remarks = [] }) => [machine, module, ...remarks].join('\\\n'),
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
  waits: ({ results }) =>
    markdownTable(
      ['row', 'half wait less than, ms', '99 of 100 wait less than, ms'],
      results.flatMap(({ name, halfLoadP50Ms, halfLoadP99Ms }) =>
        halfLoadP50Ms === undefined || halfLoadP99Ms === undefined
          ? []
          : [[`\`${name}\``, formatFigure(halfLoadP50Ms), formatFigure(halfLoadP99Ms)]],
      ),
    ),
};

/** The page with the figures of a report, and nothing else changed. */
export function withFigures(page: string, report: BenchReport): string {
  return Object.entries(BLOCKS).reduce((text, [name, write]) => {
    const [begin, end] = [`<!-- ${name}, from the results file -->`, `<!-- end of ${name} -->`];
    const [before, rest] = split(text, begin);
    const [, after] = split(rest, end);
    return `${before}${begin}\n\n${write(report)}\n\n${end}${after}`;
  }, page);
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
