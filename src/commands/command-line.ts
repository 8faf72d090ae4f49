import { type ParseArgsConfig, parseArgs } from 'node:util';
import { RenkeiError } from 'renkei';

/** What may stand behind a command. */
export interface CommandRule<Option extends string> {
  /** As the usage shows them. */
  readonly operands: string;
  readonly least: number;
  readonly most: number;
  readonly options: readonly Option[];
}

/** A program of several commands. */
export interface Program<Command extends string, Option extends string> {
  /** As in `npm run <program>`. */
  readonly program: string;
  /** The page that explains it. */
  readonly page: string;
  readonly commands: Readonly<Record<Command, CommandRule<Option>>>;
}

/**
 * The command of a line, with as many operands as it takes and no option that it does not have.
 *
 * @throws RenkeiError `OPTION_UNKNOWN` or `OPTION_INVALID`
 */
export function readCommand<Command extends string, Option extends string, Values extends object>(
  { program, page, commands }: Program<Command, Option>,
  { values, positionals }: { readonly values: Values; readonly positionals: readonly string[] },
) {
  const [command, ...operands] = positionals;
  if (command === undefined || !isCommand(commands, command)) {
    throw new RenkeiError(
      'OPTION_INVALID',
      `usage: npm run ${program} -- ${Object.keys(commands).join('|')} [...]; see ${page}`,
    );
  }
  const rule: CommandRule<string> = commands[command];
  if (operands.length < rule.least || operands.length > rule.most) {
    throw new RenkeiError(
      'OPTION_INVALID',
      `usage: npm run ${program} -- ${command}${rule.operands} [options]`,
    );
  }
  for (const name of Object.keys(values)) {
    if (rule.options.includes(name)) continue;
    throw new RenkeiError('OPTION_UNKNOWN', `${command} has no option --${name}`);
  }
  return { command, operands, values };
}

/**
 * Reads a line of operands and options. Nothing of it is repeated in an error: a PIN or a password may stand where it
 * should not.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`
 */
export function parseLine<const Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch {
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new RenkeiError(
      'OPTION_UNKNOWN',
      `an option is not known or lacks its value; known: ${known.join(', ')}`,
    );
  }
}

function isCommand<Command extends string>(
  commands: Record<Command, unknown>,
  text: string,
): text is Command {
  return Object.hasOwn(commands, text);
}
