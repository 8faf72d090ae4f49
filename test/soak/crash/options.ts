import { parseArgs } from 'node:util';

/** How the crash soak is called. */
export interface CrashSoakOptions {
  /** Workers to kill, over all parts. */
  readonly kills: number;
  /** The same seed gives the same plan. */
  readonly seed: number;
  /** Only parts with this store. */
  readonly store?: 'sqlite' | 'postgres';
  /** Acknowledges before storing: the soak has to find it. */
  readonly lossy: boolean;
}

const USAGE = 'usage: npm run soak:crash -- [--kills N] [--seed N] [--store sqlite|postgres] [--lossy]';

/** @throws Error that tells how the soak is called */
export function readOptions(args: readonly string[]): CrashSoakOptions {
  const { values } = parse(args);
  const kills = Number(values.kills);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const { store, lossy } = values;
  if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) throw new Error(USAGE);
  if (store !== undefined && store !== 'sqlite' && store !== 'postgres') throw new Error(USAGE);
  return { kills, seed, lossy, ...(store === undefined ? {} : { store }) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        kills: { type: 'string', default: '400' },
        seed: { type: 'string' },
        store: { type: 'string' },
        lossy: { type: 'boolean', default: false },
      },
    });
  } catch {
    throw new Error(USAGE);
  }
}
