import { RenkeiError } from 'renkei';

/**
 * Takes a secret out of an environment variable, which is gone after that: child processes have no business with it.
 *
 * @param what what the variable holds, for the error
 * @param isNeededAgain it stays for now: the same variable is to be taken once more
 * @throws RenkeiError `OPTION_INVALID`
 */
export function takeFromEnvironment(name: string, what: string, isNeededAgain = false): string {
  // Never repeated: it may be the secret itself, put in the wrong place.
  if (!/^[A-Z_][A-Z0-9_]*$/.test(name)) {
    throw new RenkeiError('OPTION_INVALID', 'the name of an environment variable is of A-Z, 0-9 and _');
  }
  const text = process.env[name];
  if (text === undefined || text === '') {
    throw new RenkeiError('OPTION_INVALID', `the environment variable for ${what} is not set`);
  }
  if (!isNeededAgain) delete process.env[name];
  return text;
}
