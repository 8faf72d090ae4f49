import { once } from 'node:events';
import { printFailure } from './print-failure.js';
import { runAudit } from './run-audit.js';

/**
 * `npm run --silent audit -- verify|verify-lines|checkpoint|ship ...` (docs/audit-log.md). Exit code 0 when all is well, 1
 * with findings, 2 when it could not be done, with one line of error.
 */
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());
const write = async (text: string) => {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
};
runAudit(process.argv.slice(2), { write, input: process.stdin }, interrupted.signal).then(
  (findings) => {
    if (findings > 0) process.exitCode = 1;
  },
  printFailure('the command', 2),
);
