import { parseArgs } from 'node:util';

/** What the demo is asked to do. */
export interface DemoArguments {
  readonly residents: number;
}

const DEFAULT_RESIDENTS = 1_000_000;
const MOST_RESIDENTS = 125_000_000;

/** Reads the command line; throws with a usage line. */
export function readArguments(args: readonly string[]): DemoArguments {
  const { values } = parseArgs({ args: [...args], options: { residents: { type: 'string' } } });
  const text = values.residents ?? String(DEFAULT_RESIDENTS);
  const residents = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(residents) || residents < 1 || residents > MOST_RESIDENTS) {
    throw new Error(
      `usage: npm run demo -- [--residents N], N from 1 to ${MOST_RESIDENTS.toLocaleString('en')}`,
    );
  }
  return { residents };
}
