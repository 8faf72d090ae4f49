import { parseArgs } from 'node:util';

/** The levels of assurance that the demo makes its keys for, with their numbers. */
export const LEVELS = { 'host-visible': 1, 'hsm-sealed': 2, 'hsm-enforced': 3 } as const;

/** Level of assurance the demo makes its keys for. */
export type DemoLevel = keyof typeof LEVELS;

/** What the demo is asked to do. */
export interface DemoArguments {
  readonly level: DemoLevel;
  readonly residents: number;
  /** Whether requests are mediated after the main job. */
  readonly mediate: boolean;
  /** Whether keys are rotated at last. */
  readonly rotate: boolean;
}

/** A bulk load is made at level 1; above it every code is made one by one inside the HSM. */
const DEFAULT_RESIDENTS: Readonly<Record<DemoLevel, number>> = {
  'host-visible': 1_000_000,
  'hsm-sealed': 30_000,
  'hsm-enforced': 30_000,
};
/** With rotations every code is made anew, twice for one institution; for mediation few people will do. */
const DEFAULT_WITH_MORE: Readonly<Record<DemoLevel, number>> = {
  'host-visible': 100_000,
  'hsm-sealed': 3_000,
  'hsm-enforced': 3_000,
};
const MOST_RESIDENTS = 125_000_000;

/** Reads the command line; throws with a usage line. */
export function readArguments(args: readonly string[]): DemoArguments {
  const { level, mediate, rotate, residents: given } = parse(args);
  if (!isLevel(level)) throw usage();
  const usual = (rotate || mediate ? DEFAULT_WITH_MORE : DEFAULT_RESIDENTS)[level];
  const residents = given === undefined ? usual : Number(given.replaceAll('_', ''));
  if (!Number.isInteger(residents) || residents < 1 || residents > MOST_RESIDENTS) throw usage();
  return { level, residents, mediate, rotate };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        residents: { type: 'string' },
        level: { type: 'string', default: 'host-visible' },
        mediate: { type: 'boolean', default: false },
        rotate: { type: 'boolean', default: false },
      },
    }).values;
  } catch {
    throw usage();
  }
}

function isLevel(text: string): text is DemoLevel {
  return Object.hasOwn(LEVELS, text);
}

function usage(): Error {
  const levels = Object.keys(LEVELS).join('|');
  const most = MOST_RESIDENTS.toLocaleString('en');
  return new Error(
    `usage: npm run demo -- [--residents N] [--level ${levels}] [--mediate] [--rotate], N from 1 to ${most}`,
  );
}
