import { RenkeiError } from 'renkei';

/**
 * An option that a command cannot do without.
 *
 * @param name as on the command line, without the hyphens
 * @throws RenkeiError `OPTION_INVALID`
 */
export function requireOption<T>(name: string, value: T | undefined): T {
  if (value !== undefined && value !== '') return value;
  throw new RenkeiError('OPTION_INVALID', `the option --${name} is missing`);
}
