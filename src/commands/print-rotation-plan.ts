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
          ['measured on the spot', 'rows/s'],
          ['codes made by the vault', count(Math.round(rates.codes))],
          ['rows read from the store', rates.reading === undefined ? '-' : count(Math.round(rates.reading))],
          ['pairs written', count(Math.round(rates.writing))],
        ]),
    textTable([
      ['estimate, one worker', 'people', 'pairs', 'time', 'disk'],
      estimate('this store', plan.estimate),
      estimate('a nation', plan.nation),
    ]),
    warnings.map((warning) => `! ${warning}\n`).join(''),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

function estimate(of: string, { people, pairs, seconds, bytes }: RotationEstimate): string[] {
  return [of, count(people), count(pairs), seconds === undefined ? '-' : duration(seconds), size(bytes)];
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
