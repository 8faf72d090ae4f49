import { parseArgs } from 'node:util';

/** How a soak is called: `npm run <command> -- [--<count> N] [--seed N] [--store …]`. */
export interface SoakCall<Store extends string> {
  /** Name in package.json. */
  readonly command: string;
  /** What the soak counts, and how many unless told otherwise. */
  readonly count: string;
  readonly most: number;
  readonly stores: readonly Store[];
}

/** What a soak was told. */
export interface SoakOptions<Store extends string> {
  readonly count: number;
  /** The same seed gives the same plan. */
  readonly seed: number;
  /** Only on this store. */
  readonly store?: Store;
}

/** @throws Error that tells how the soak is called */
export function readSoakOptions<Store extends string>(
  call: SoakCall<Store>,
  args: readonly string[],
): SoakOptions<Store> {
  const { command, count: name, most, stores } = call;
  const usage = new Error(
    `usage: npm run ${command} -- [--${name} N] [--seed N] [--store ${stores.join('|')}]`,
  );
  const values = parse(args, name);
  if (values === undefined) throw usage;
  const count = Number(values[name] ?? most);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const store = stores.find((known) => known === values.store);
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) throw usage;
  if (values.store !== undefined && store === undefined) throw usage;
  return { count, seed, ...(store === undefined ? {} : { store }) };
}

function parse(args: readonly string[], name: string): Record<string, string | undefined> | undefined {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args: [...args], options: { [name]: text, seed: text, store: text } }).values;
  } catch {
    return undefined;
  }
}
