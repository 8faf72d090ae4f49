import { printFailure } from './print-failure.js';
import { runCeremony } from './run-ceremony.js';

/** `npm run --silent ceremony -- COMMAND ...` (docs/key-ceremony.md): one line of error and exit code 1. */
runCeremony(process.argv.slice(2)).then(
  (text) => {
    process.stdout.write(text);
  },
  printFailure('the ceremony', 1),
);
