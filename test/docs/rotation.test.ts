import { execFile } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { ensureSystemPackages } from '../support/system-packages.js';

const PAGE = readFileSync('docs/rotation.md', 'utf8');
const folder = makeScratchFolder();

/** Everything in blocks marked `sh`, in the order of the page. */
const script = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block).join('');

test('the script of docs/rotation.md can be rehearsed on SoftHSM as printed', async () => {
  ensureSystemPackages('softhsm2');
  // The npm scripts build first, under the feet of other tests: what is built already is run without it.
  const npm = folder.path('npm');
  writeFileSync(
    npm,
    `#!/bin/sh\n[ "$1 $2 $4" = 'run --silent --' ] || exit 9\ncommand="$3"\nshift 4\nexec '${process.execPath}' --import tsx "src/commands/$command.ts" "$@"\n`,
  );
  chmodSync(npm, 0o755);
  const { stdout, stderr } = await promisify(execFile)('sh', ['-eu', '-c', script], {
    env: { ...process.env, PATH: `${folder.path('')}:${process.env.PATH}`, TMPDIR: folder.path('') },
  });
  expect(stderr).toBe('');
  const steps = [...stdout.matchAll(/^ROTATION RECEIPT, (\w+) of rotation 1/gm)].map(([, step]) => step);
  const all = ['verify', 'switch', 'retire', 'destroy'];
  // Printed again by the check of the first receipt, and by that of all.
  expect(steps).toEqual(['verify', 'verify', 'switch', 'retire', 'destroy', ...all]);
  expect(stdout.match(/^The signatures are right, and by the audit key given\.$/gm)).toHaveLength(2);
  expect(stdout).toMatch(/^delivery .*: all 3 pairs are as the receipt says$/m);
  expect(stdout).toMatch(/^a nation +125,000,000 /m);
  expect(stdout).toMatch(/^institution\/0220113112101700\/1: destroyed/m);
  // Nothing is left of the rehearsal but a cache of the TypeScript runner.
  expect(readdirSync(folder.path('')).filter((name) => !name.startsWith('tsx-'))).toEqual(['npm']);
}, 120_000);
