import { type CommandRule, parseLine, readCommand } from './command-line.js';

const OPTIONS = {
  'records-sqlite': { type: 'string' },
  'records-postgres-env': { type: 'string' },
  schema: { type: 'string' },
  origin: { type: 'string' },
  'public-key': { type: 'string', multiple: true },
  checkpoint: { type: 'string', multiple: true },
  'audit-key': { type: 'string' },
  module: { type: 'string' },
  'library-parameters': { type: 'string' },
  token: { type: 'string' },
  serial: { type: 'string' },
  'pin-env': { type: 'string' },
  'pin-fd': { type: 'string' },
  from: { type: 'string' },
  follow: { type: 'boolean' },
} as const;

type OptionName = keyof typeof OPTIONS;

const STORE: readonly OptionName[] = ['records-sqlite', 'records-postgres-env', 'schema'];
const TRUST: readonly OptionName[] = ['origin', 'public-key', 'checkpoint'];
const TOKEN: readonly OptionName[] = [
  'audit-key',
  'module',
  'library-parameters',
  'token',
  'serial',
  'pin-env',
  'pin-fd',
];

const COMMANDS = {
  verify: { operands: '', least: 0, most: 0, options: [...STORE, ...TRUST] },
  'verify-lines': { operands: ' [FILE]', least: 0, most: 1, options: TRUST },
  checkpoint: { operands: '', least: 0, most: 0, options: [...STORE, ...TRUST, ...TOKEN] },
  ship: { operands: '', least: 0, most: 0, options: [...STORE, 'from', 'follow'] },
} as const satisfies Record<string, CommandRule<OptionName>>;

/** What the options say. */
export type AuditValues = Partial<ReturnType<typeof parse>['values']>;

/** The command line, checked as far as it can be without a store. */
export interface AuditArguments {
  readonly command: keyof typeof COMMANDS;
  readonly operands: readonly string[];
  readonly values: AuditValues;
}

/**
 * Reads the command line.
 *
 * @throws RenkeiError `OPTION_UNKNOWN` or `OPTION_INVALID`; nothing of the line is repeated but names of options
 */
export function readAuditArguments(args: readonly string[]): AuditArguments {
  return readCommand({ program: 'audit', page: 'docs/audit-log.md', commands: COMMANDS }, parse(args));
}

function parse(args: readonly string[]) {
  return parseLine(args, OPTIONS);
}
