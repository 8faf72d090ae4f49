import { ERROR_CODES } from 'renkei';

/**
 * Prints one line for what a command failed with and sets the exit code. The message of a foreign error is not shown:
 * it may hold what it was given.
 *
 * @param what the command, as "the ceremony"
 */
export function printFailure(what: string, exitCode: number): (error: unknown) => void {
  return (error) => {
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    const own = code !== undefined && Object.hasOwn(ERROR_CODES, code);
    process.stderr.write(own ? `${code}: ${message}\n` : `${what} failed unexpectedly\n`);
    process.exitCode = exitCode;
  };
}
