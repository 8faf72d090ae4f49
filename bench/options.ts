import { parseArgs } from 'node:util';

/** What can be measured alone, in the order of a run. */
export const BENCH_GROUPS = ['engines', 'vaults', 'peers', 'issue', 'rotate', 'mediate'] as const;

/** Measurements that belong together. */
export type BenchGroup = (typeof BENCH_GROUPS)[number];

/** The population of Japan, and the most that one run issues. */
const MOST_ROWS = 125_000_000;
/** Fewer say nothing about a curve of fifty slices. */
const LEAST_ROWS = 10_000;

/** What the bench is asked to do. */
export interface BenchOptions {
  /** Fewer and shorter rounds: the whole run under a minute. */
  readonly quick: boolean;
  /** The one group to measure; all without. */
  readonly only: BenchGroup | undefined;
  /** Residents of a bulk load; without, what the pace says. */
  readonly rows: number | undefined;
  /** The same for PostgreSQL, where other than `rows`. */
  readonly postgresRows: number | undefined;
  /** Where to write the results, besides the table on standard output. */
  readonly json: string | undefined;
  /** Where to draw the curves of the bulk loads, as SVG. */
  readonly picture: string | undefined;
  /** The token to measure; none for a SoftHSM token made for this run. */
  readonly hardware: HardwareToken | undefined;
}

/** A token that was there before the bench. The PIN stays in the environment until it is needed. */
export interface HardwareToken {
  readonly module: string;
  readonly label: string;
  /** Name of the environment variable that holds the user PIN. */
  readonly pinEnv: string;
}

const USAGE = `usage: npm run --silent bench -- [--quick] [--only ${BENCH_GROUPS.join('|')}] \
[--rows N] [--postgres-rows N] [--json FILE] [--picture FILE] [--module PATH --token LABEL --pin-env NAME]`;

const OPTIONS = {
  quick: { type: 'boolean' },
  only: { type: 'string' },
  rows: { type: 'string' },
  'postgres-rows': { type: 'string' },
  json: { type: 'string' },
  picture: { type: 'string' },
  module: { type: 'string' },
  token: { type: 'string' },
  'pin-env': { type: 'string' },
} as const;

/**
 * Reads the command line. An unknown option is refused by name; a stray argument is not repeated, since it may be
 * a PIN typed in the wrong place.
 */
export function readBenchOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): BenchOptions {
  const { values, tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') throw new Error(`arguments without an option are not taken; ${USAGE}`);
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(OPTIONS, token.name)) {
      throw new Error(`there is no option ${printable(token.name)}; ${USAGE}`);
    }
    const takesValue = OPTIONS[token.name as keyof typeof OPTIONS].type === 'string';
    if (takesValue !== (token.value !== undefined && token.value !== '')) {
      throw new Error(`option --${token.name} takes ${takesValue ? 'a value' : 'no value'}; ${USAGE}`);
    }
  }
  const only = readGroup(values.only);
  for (const name of ['rows', 'postgres-rows', 'picture'] as const) {
    if (values[name] !== undefined && only !== 'issue' && !(name === 'picture' && only === undefined)) {
      throw new Error(`option --${name} goes with --only issue; ${USAGE}`);
    }
  }
  const hardware = readHardware(values.module, values.token, values['pin-env'], environment);
  if (only === 'rotate' && hardware !== undefined) {
    throw new Error(`rotations are measured on a token of the bench's own; ${USAGE}`);
  }
  return {
    quick: values.quick === true,
    only,
    rows: readRows('rows', values.rows),
    postgresRows: readRows('postgres-rows', values['postgres-rows']),
    json: values.json as string | undefined,
    picture: values.picture as string | undefined,
    hardware,
  };
}

function readGroup(value: unknown): BenchGroup | undefined {
  const group = BENCH_GROUPS.find((name) => name === value);
  if (value !== undefined && group === undefined) {
    throw new Error(`option --only takes one of ${BENCH_GROUPS.join(', ')}; ${USAGE}`);
  }
  return group;
}

function readRows(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const rows = /^[1-9]\d{0,9}$/.test(value as string) ? Number(value) : 0;
  if (rows < LEAST_ROWS || rows > MOST_ROWS) {
    throw new Error(`option --${name} takes a whole number from ${LEAST_ROWS} to ${MOST_ROWS}; ${USAGE}`);
  }
  return rows;
}

function readHardware(
  module: unknown,
  label: unknown,
  pinEnv: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): HardwareToken | undefined {
  const given = [module, label, pinEnv].filter((value) => value !== undefined).length;
  if (given === 0) return undefined;
  if (given < 3) throw new Error(`--module, --token and --pin-env belong together; ${USAGE}`);
  const name = pinEnv as string;
  if ((environment[name] ?? '') === '') {
    throw new Error('the environment variable named by --pin-env is not set');
  }
  return { module: module as string, label: label as string, pinEnv: name };
}

/** What a process of its own is told: its pace, its rows, and the token. It names the PIN's variable, never the PIN. */
export function asArguments({ quick, only, rows, postgresRows, hardware }: BenchOptions): string[] {
  const args = quick ? ['--quick'] : [];
  if (only !== undefined) args.push('--only', only);
  if (rows !== undefined) args.push('--rows', `${rows}`);
  if (postgresRows !== undefined) args.push('--postgres-rows', `${postgresRows}`);
  if (hardware !== undefined) {
    args.push('--module', hardware.module, '--token', hardware.label, '--pin-env', hardware.pinEnv);
  }
  return args;
}

function printable(name: string): string {
  return /^[A-Za-z][A-Za-z-]{0,39}$/.test(name) ? `--${name}` : 'of that name';
}
