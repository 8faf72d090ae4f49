import { printFailure } from './print-failure.js';
import { runRotation } from './run-rotation.js';

/** `npm run --silent rotation -- COMMAND ...` (docs/rotation.md): one line of error and exit code 1. */
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());
runRotation(process.argv.slice(2), interrupted.signal).then(
  (text) => {
    process.stdout.write(text);
  },
  printFailure('the rotation', 1),
);
