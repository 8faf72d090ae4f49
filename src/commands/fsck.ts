import { printFailure } from './print-failure.js';
import { runFsck } from './run-fsck.js';

/**
 * `npm run --silent fsck -- --sqlite PATH | --postgres-env NAME [--schema NAME]`, or with `--records-sqlite` or
 * `--records-postgres-env` for a record file: one line a finding. Exit code 0 when all is well, 1 with findings, 2 when
 * the store could not be checked.
 */
runFsck(process.argv.slice(2)).then(
  ({ text, findings }) => {
    process.stdout.write(text);
    if (findings > 0) process.exitCode = 1;
  },
  printFailure('the check', 2),
);
