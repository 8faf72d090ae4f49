import { RenkeiError } from 'renkei';
import type { KeyLevel } from 'renkei/pkcs11';
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
  'so-pin-env': { type: 'string' },
  'so-pin-fd': { type: 'string' },
  level: { type: 'string' },
  period: { type: 'string' },
  who: { type: 'string', multiple: true },
  record: { type: 'string' },
  'dry-run': { type: 'boolean' },
  'yes-destroy': { type: 'string', multiple: true },
  offline: { type: 'boolean' },
  'public-key': { type: 'string' },
  ...LOG_OPTIONS,
} as const;

type OptionName = keyof typeof OPTIONS;

const TOKEN: readonly OptionName[] = ['module', 'library-parameters', 'token', 'serial', 'pin-env', 'pin-fd'];
const RECORDED: readonly OptionName[] = [...TOKEN, ...LOG_OPTION_NAMES, 'who', 'record', 'dry-run'];
const MAKING: readonly OptionName[] = [...RECORDED, 'level', 'so-pin-env', 'so-pin-fd'];

const COMMANDS = {
  init: { operands: '', least: 0, most: 0, options: [...MAKING, 'period'] },
  'add-institution': { operands: ' CODE', least: 1, most: 1, options: MAKING },
  'add-version': { operands: ' store|institution/CODE|link|audit', least: 1, most: 1, options: MAKING },
  'add-record-period': { operands: ' PERIOD', least: 1, most: 1, options: MAKING },
  'lock-down': { operands: ' [NAME ...]', least: 0, most: Number.POSITIVE_INFINITY, options: RECORDED },
  list: { operands: '', least: 0, most: 0, options: TOKEN },
  verify: { operands: ' RECORD.json', least: 1, most: 1, options: [...TOKEN, 'offline', 'public-key'] },
  destroy: { operands: ' NAME', least: 1, most: 1, options: [...RECORDED, 'yes-destroy'] },
} as const satisfies Record<string, CommandRule<OptionName>>;

/** What a ceremony is asked to do. */
export type CommandName = keyof typeof COMMANDS;

/** The command line, checked as far as it can be without a token. */
export interface CeremonyArguments {
  readonly command: CommandName;
  readonly operands: readonly string[];
  readonly values: Partial<ReturnType<typeof parse>['values']>;
}

/**
 * Reads the command line. Nothing of it is repeated in an error except names of options: a PIN may stand where it
 * should not.
 *
 * @throws RenkeiError `OPTION_UNKNOWN` or `OPTION_INVALID`
 */
export function readArguments(args: readonly string[]): CeremonyArguments {
  for (const option of ['pin', 'so-pin', 'user-pin']) {
    if (args.some((arg) => arg.replace(/=.*$/s, '').replace(/^--?/, '-') === `-${option}`)) {
      throw new RenkeiError(
        'OPTION_UNKNOWN',
        `--${option}: a PIN is never an argument, everybody on this machine could read it; use --pin-env, --pin-fd or the prompt`,
      );
    }
  }
  return readCommand({ program: 'ceremony', page: 'docs/key-ceremony.md', commands: COMMANDS }, parse(args));
}

/**
 * The level of `--level`: its number or its name.
 *
 * @throws RenkeiError `OPTION_INVALID`
 */
export function readLevel(text: string | undefined): KeyLevel {
  switch (text) {
    case '3':
    case 'hsm-enforced':
      return 3;
    case '2':
    case 'hsm-sealed':
      return 2;
    case '1':
    case 'host-visible':
      return 1;
    default:
      throw new RenkeiError(
        'OPTION_INVALID',
        '--level must be 3 (hsm-enforced), 2 (hsm-sealed) or 1 (host-visible)',
      );
  }
}

function parse(args: readonly string[]) {
  return parseLine(args, OPTIONS);
}
