import { RenkeiError } from 'renkei';
import { type CommandRule, parseLine, readCommand } from './command-line.js';
import { LOG_OPTION_NAMES, LOG_OPTIONS } from './named-records.js';

/** What the command line may hold besides the operands. */
const OPTIONS = {
  module: { type: 'string' },
  'library-parameters': { type: 'string' },
  token: { type: 'string' },
  serial: { type: 'string' },
  'pin-env': { type: 'string' },
  'pin-fd': { type: 'string' },
  engine: { type: 'string' },
  'check-engine': { type: 'string' },
  'audit-key': { type: 'string' },
  sqlite: { type: 'string' },
  'postgres-env': { type: 'string' },
  schema: { type: 'string' },
  kind: { type: 'string' },
  institution: { type: 'string' },
  version: { type: 'string' },
  source: { type: 'string' },
  close: { type: 'string' },
  open: { type: 'string' },
  'ended-at': { type: 'string' },
  'erased-rows': { type: 'string' },
  folder: { type: 'string' },
  worker: { type: 'string' },
  'lease-seconds': { type: 'string' },
  'rows-per-second': { type: 'string' },
  sample: { type: 'string' },
  'grace-seconds': { type: 'string' },
  receipt: { type: 'string' },
  people: { type: 'string' },
  institutions: { type: 'string' },
  json: { type: 'boolean' },
  'yes-destroy': { type: 'string', multiple: true },
  'public-key': { type: 'string' },
  delivery: { type: 'string', multiple: true },
  ...LOG_OPTIONS,
} as const;

type OptionName = keyof typeof OPTIONS;

const TOKEN: readonly OptionName[] = [
  'module',
  'library-parameters',
  'token',
  'serial',
  'pin-env',
  'pin-fd',
  'engine',
  'audit-key',
];
const STORE: readonly OptionName[] = ['sqlite', 'postgres-env', 'schema'];
const BOTH: readonly OptionName[] = [...TOKEN, ...STORE];
/** Of steps that are written down. */
const LOGGED: readonly OptionName[] = [...BOTH, ...LOG_OPTION_NAMES];
const ASKED: readonly OptionName[] = [
  'kind',
  'institution',
  'version',
  'source',
  'close',
  'open',
  'ended-at',
];
const WORK: readonly OptionName[] = ['folder', 'worker', 'lease-seconds', 'rows-per-second'];

const ONE_OF_THEM = { operands: ' [ID]', least: 0, most: 1 };

const COMMANDS = {
  plan: {
    operands: '',
    least: 0,
    most: 0,
    options: [...BOTH, ...ASKED, 'folder', 'people', 'institutions', 'json'],
  },
  run: { ...ONE_OF_THEM, options: [...LOGGED, ...ASKED, ...WORK, 'sample', 'check-engine', 'receipt'] },
  work: { ...ONE_OF_THEM, options: [...BOTH, ...WORK] },
  receive: { operands: ' LIST [ID]', least: 1, most: 2, options: LOGGED },
  status: { ...ONE_OF_THEM, options: [...STORE, 'json'] },
  pause: { ...ONE_OF_THEM, options: LOGGED },
  resume: { ...ONE_OF_THEM, options: LOGGED },
  abort: { ...ONE_OF_THEM, options: [...LOGGED, 'folder'] },
  switch: { ...ONE_OF_THEM, options: [...LOGGED, 'folder', 'grace-seconds', 'receipt'] },
  retire: { ...ONE_OF_THEM, options: [...LOGGED, 'erased-rows', 'receipt'] },
  destroy: { ...ONE_OF_THEM, options: [...LOGGED, 'yes-destroy', 'check-engine', 'receipt'] },
  verify: {
    operands: ' RECEIPT [RECEIPT ...]',
    least: 1,
    most: Number.POSITIVE_INFINITY,
    options: ['public-key', 'delivery'],
  },
} as const satisfies Record<string, CommandRule<OptionName>>;

/** What the operator asks for. */
export type RotationCommand = keyof typeof COMMANDS;

/** The command line, checked as far as it can be without a store. */
export interface RotationArguments {
  readonly command: RotationCommand;
  readonly operands: readonly string[];
  readonly values: Partial<ReturnType<typeof parse>['values']>;
}

/**
 * Reads the command line. Nothing of it is repeated in an error except names of options: a PIN or a password may stand
 * where it should not.
 *
 * @throws RenkeiError `OPTION_UNKNOWN` or `OPTION_INVALID`
 */
export function readArguments(args: readonly string[]): RotationArguments {
  return readCommand({ program: 'rotation', page: 'docs/rotation.md', commands: COMMANDS }, parse(args));
}

/**
 * A whole number that an option gives, or undefined when it is not given. Digits may be grouped by `_`.
 *
 * @throws RenkeiError `OPTION_INVALID` outside of the range
 */
export function readNumber(
  name: OptionName,
  text: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d[\d_]{0,15}$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new RenkeiError('OPTION_INVALID', `--${name} must be a whole number from ${least} to ${most}`);
}

function parse(args: readonly string[]) {
  return parseLine(args, OPTIONS);
}
