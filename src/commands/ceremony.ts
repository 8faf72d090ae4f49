import { ERROR_CODES } from 'renkei';
import { runCeremony } from './run-ceremony.js';

/** `npm run --silent ceremony -- COMMAND ...` (docs/key-ceremony.md): one line of error and exit code 1. */
runCeremony(process.argv.slice(2)).then(
  (text) => {
    process.stdout.write(text);
  },
  (error: { readonly code?: string; readonly message?: string }) => {
    // The message of a foreign error may hold what it was given.
    const own = error.code !== undefined && Object.hasOwn(ERROR_CODES, error.code);
    process.stderr.write(own ? `${error.code}: ${error.message}\n` : 'the ceremony failed unexpectedly\n');
    process.exitCode = 1;
  },
);
