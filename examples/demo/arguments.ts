import { parseArgs } from 'node:util';

/** Level of assurance the demo makes its keys for. */
export type DemoLevel = 'host-visible' | 'hsm-sealed' | 'hsm-enforced';

/** What the demo is asked to do. */
export interface DemoArguments {
  readonly level: DemoLevel;
  readonly residents: number;
}

/** A bulk load is made at level 1; above it every code is made one by one inside the HSM. */
const DEFAULT_RESIDENTS: Readonly<Record<DemoLevel, number>> = {
  'host-visible': 1_000_000,
  'hsm-sealed': 30_000,
  'hsm-enforced': 30_000,
};
const MOST_RESIDENTS = 125_000_000;

/** Reads the command line; throws with a usage line. */
export function readArguments(args: readonly string[]): DemoArguments {
  const values = parse(args);
  const { level } = values;
  if (!isLevel(level)) throw usage();
  const residents =
    values.residents === undefined ? DEFAULT_RESIDENTS[level] : Number(values.residents.replaceAll('_', ''));
  if (!Number.isInteger(residents) || residents < 1 || residents > MOST_RESIDENTS) throw usage();
  return { level, residents };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { residents: { type: 'string' }, level: { type: 'string', default: 'host-visible' } },
    }).values;
  } catch {
    throw usage();
  }
}

function isLevel(text: string): text is DemoLevel {
  return Object.hasOwn(DEFAULT_RESIDENTS, text);
}

function usage(): Error {
  const levels = Object.keys(DEFAULT_RESIDENTS).join('|');
  const most = MOST_RESIDENTS.toLocaleString('en');
  return new Error(`usage: npm run demo -- [--residents N] [--level ${levels}], N from 1 to ${most}`);
}
