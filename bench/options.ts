import { parseArgs } from 'node:util';

/** What the bench is asked to do. */
export interface BenchOptions {
  /** Fewer and shorter rounds: the whole run under a minute. */
  readonly quick: boolean;
  /** Where to write the results, besides the table on standard output. */
  readonly json: string | undefined;
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

const USAGE =
  'usage: npm run --silent bench -- [--quick] [--json FILE] [--module PATH --token LABEL --pin-env NAME]';

const OPTIONS = {
  quick: { type: 'boolean' },
  json: { type: 'string' },
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
  return {
    quick: values.quick === true,
    json: values.json as string | undefined,
    hardware: readHardware(values.module, values.token, values['pin-env'], environment),
  };
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

/** The same options as arguments, for a process of its own. They name the PIN's variable, never the PIN. */
export function asArguments({ quick, hardware }: BenchOptions): string[] {
  const args = quick ? ['--quick'] : [];
  if (hardware !== undefined) {
    args.push('--module', hardware.module, '--token', hardware.label, '--pin-env', hardware.pinEnv);
  }
  return args;
}

function printable(name: string): string {
  return /^[A-Za-z][A-Za-z-]{0,39}$/.test(name) ? `--${name}` : 'of that name';
}
