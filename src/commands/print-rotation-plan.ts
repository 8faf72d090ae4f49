import type { RotationEstimate, RotationPlan } from 'renkei';
import { textTable } from './text-table.js';

/** A plan for the operator to read. */
export function printRotationPlan(plan: RotationPlan): string {
  const { kind, subject, from, to, counts, parts, needs, rates, warnings } = plan;
  const keys = from.map((name, k) => [name, '->', to[k] ?? '']);
  const pairs = Object.entries(counts.pairs).map(([audience, n]) => [`pairs for ${audience}`, count(n)]);
  const sections = [
    `rotation of the kind ${kind}, subject ${subject}\n`,
    keys.map((row) => `  ${row.join(' ')}\n`).join(''),
    textTable([['store codes', count(counts.storeCodes)], ...pairs, ['parts', count(parts)]]),
    textTable([
      ['missing keys', needs.missingKeys.length === 0 ? 'none' : needs.missingKeys.join(', ')],
      ['engine', engine(needs)],
    ]),
    rates === undefined
      ? 'rates were not measured\n'
      : textTable([
          ['rate', 'rows/s', 'measured on'],
          ...RATES.flatMap(([name, what]) =>
            rates.basis[name] === undefined ? [] : [[what, rate(rates[name]), rates.basis[name]]],
          ),
        ]),
    textTable([
      ['estimate, one worker', 'people', 'rotations', 'pairs', 'time', 'disk'],
      estimate('this store', plan.estimate),
      estimate('a nation', plan.nation),
    ]),
    stepTable(plan.nation),
    warnings.map((warning) => `! ${warning}\n`).join(''),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

const RATES = [
  ['codes', 'codes made by the vault'],
  ['advancing', 'store codes advanced by the vault'],
  ['reading', 'rows read from the store'],
  ['writing', 'pairs written'],
  ['merging', 'pairs merged'],
  ['recording', 'store codes recorded'],
  ['moving', 'store codes moved'],
] as const satisfies readonly (readonly [keyof RotationPlanRates, string])[];

type RotationPlanRates = NonNullable<RotationPlan['rates']>;

const STEPS: Readonly<Record<NonNullable<RotationEstimate['steps']>[number]['step'], string>> = {
  successors: 'new store codes made and recorded',
  pairs: 'pairs for institutions made',
  'record-pairs': 'pairs for record periods made',
  deliveries: 'deliveries merged and written',
  moving: 'rows moved when retired',
};

function rate(rowsPerSecond: number | undefined): string {
  return rowsPerSecond === undefined ? '-' : count(Math.round(rowsPerSecond));
}

function estimate(of: string, { people, rotations, pairs, seconds, bytes }: RotationEstimate): string[] {
  const time = seconds === undefined ? '-' : duration(seconds);
  return [of, count(people), count(rotations), count(pairs), time, size(bytes)];
}

/** What the time of a nation is made of. */
function stepTable({ steps = [] }: RotationEstimate): string {
  if (steps.length === 0) return '';
  return textTable([
    ['of a nation', 'rows', 'time', 'share'],
    ...steps.map(({ step, rows, seconds, share }) => [
      STEPS[step],
      count(rows),
      duration(seconds),
      `${Math.round(100 * share)} %`,
    ]),
  ]);
}

function engine({ engine: needed, engineReady }: RotationPlan['needs']): string {
  if (engineReady === undefined) return `${needed}; not known whether the keys permit it`;
  return `${needed}; ${engineReady ? 'ready' : 'this vault has another'}`;
}

const count = (n: number) => n.toLocaleString('en');

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 2 * 3600) return `${(seconds / 60).toFixed(1)} min`;
  return seconds < 48 * 3600 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

function size(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
