import { cpus } from 'node:os';

/** How fast one slice of a load was. */
export interface CurvePoint {
  /** Rows stored when it ended. */
  readonly rows: number;
  /** Rows a second within it. */
  readonly rate: number;
}

/** One row of the results. */
export interface BenchResult {
  readonly name: string;
  /** What is counted, per second. */
  readonly unit: string;
  readonly rate: number;
  /** What the same machine allows, measured in the same run, in the same unit. */
  readonly limit?: number;
  /** Median over the rounds of rate ÷ limit. */
  readonly ratio?: number;
  /** Highest resident memory of the process that did it. */
  readonly peakRssMiB?: number;
  /** The same of all processes of a database server together. */
  readonly serverPeakMiB?: number;
  /** What the limit is, where either of two may be: reading the store alone, or the cryptography alone. */
  readonly limitedBy?: 'reading' | 'computing';
  /** Processors that the workers of a rotation kept busy. */
  readonly processors?: number;
  /** How long half and all but one in a hundred of the calls take at half the rate. */
  readonly halfLoadP50Ms?: number;
  readonly halfLoadP99Ms?: number;
  /** Resident memory after each tenth of a long run, in MiB. */
  readonly rssMiB?: readonly number[];
  /** Residents of a bulk load. */
  readonly rows?: number;
  /** Seconds a bulk load spent in each of its phases. */
  readonly seconds?: LoadSeconds;
  /** Rate of storing against rows stored. */
  readonly curve?: readonly CurvePoint[];
  /** Rate of storing the last tenth of the rows ÷ the first tenth. */
  readonly lastTenthOverFirst?: number;
}

/** Where the time of a bulk load goes. */
export interface LoadSeconds {
  /** Making the requests, which is the bench's own work. */
  readonly generate: number;
  /** Receiving them: checked, derived, spilled. */
  readonly receive: number;
  /** Storing all of them. */
  readonly store: number;
  /** Reading the answer to each. */
  readonly answers: number;
}

/** What a run leaves behind. */
export interface BenchReport {
  readonly machine: string;
  readonly module: string;
  /** What this run could not do as it was asked to. */
  readonly remarks?: readonly string[];
  readonly results: readonly BenchResult[];
}

/** The machine in a few words, without its name. */
export function describeMachine(): string {
  const processors = cpus();
  const model = (processors[0]?.model ?? 'unknown processor').trim();
  return `${processors.length} × ${model}, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
}

/** A figure as table and documents write it: three significant digits, thousands separated. */
export function formatFigure(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** Writes the results as a table. */
export function printReport({ machine, module, remarks = [], results }: BenchReport): void {
  const rows = [
    ['what', 'rate', 'limit', 'ratio', 'peak MiB', 'unit'],
    ...results.map(({ name, rate, limit, ratio, peakRssMiB, unit }) => [
      name,
      formatFigure(rate),
      limit === undefined ? '' : formatFigure(limit),
      ratio === undefined ? '' : ratio.toFixed(2),
      peakRssMiB === undefined ? '' : String(Math.round(peakRssMiB)),
      unit,
    ]),
  ];
  const widths = (rows[0] as string[]).map((_, c) => Math.max(...rows.map((row) => (row[c] ?? '').length)));
  console.log([machine, module, ...remarks, ''].join('\n'));
  for (const row of rows) {
    const cells = row.map((cell, c) =>
      c === 0 || c === 5 ? cell.padEnd(widths[c] as number) : cell.padStart(widths[c] as number),
    );
    console.log(cells.join('  ').trimEnd());
  }
  for (const result of results) {
    for (const line of describe(result)) console.log(line);
  }
}

/** What the table has no column for. */
function* describe(result: BenchResult): Generator<string> {
  const { name, halfLoadP50Ms, halfLoadP99Ms, limitedBy, processors, rssMiB } = result;
  if (result.seconds !== undefined) yield describeLoad(result);
  if (halfLoadP50Ms !== undefined && halfLoadP99Ms !== undefined) {
    const [half, most] = [halfLoadP50Ms, halfLoadP99Ms].map(formatFigure);
    yield `${name}: half wait less than ${half} ms, 99 of 100 less than ${most} ms`;
  }
  if (rssMiB !== undefined) {
    yield `${name}: resident memory after each tenth ${rssMiB.map(Math.round).join(', ')} MiB`;
  }
  if (limitedBy !== undefined) yield `${name}: the limit is ${limitedBy}`;
  if (processors !== undefined) yield `${name}: ${processors.toFixed(2)} processors busy in the workers`;
}

function describeLoad({ name, rows = 0, seconds, lastTenthOverFirst = 0 }: BenchResult): string {
  const phases = Object.entries(seconds ?? {}).map(([phase, value]) => `${phase} ${value.toFixed(1)} s`);
  const tenths = `last tenth ÷ first ${lastTenthOverFirst.toFixed(2)}`;
  return `${name}: ${rows.toLocaleString('en')} residents; ${phases.join(', ')}; ${tenths}`;
}
