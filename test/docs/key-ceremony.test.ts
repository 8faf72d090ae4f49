import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

const PAGE = readFileSync('docs/key-ceremony.md', 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'renkei-rehearsal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything in blocks marked `sh`, in the order of the page. */
const script = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block).join('');

test('the script of docs/key-ceremony.md can be rehearsed on SoftHSM as printed', async () => {
  // The npm script builds first, under the feet of other tests: what is built already is run without it.
  const npm = join(folder, 'npm');
  writeFileSync(
    npm,
    `#!/bin/sh\n[ "$1 $2 $3 $4" = 'run --silent ceremony --' ] || exit 9\nshift 4\nexec '${process.execPath}' --import tsx src/commands/ceremony.ts "$@"\n`,
  );
  chmodSync(npm, 0o755);
  const { stdout, stderr } = await promisify(execFile)('sh', ['-eu', '-c', script], {
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, TMPDIR: folder },
  });
  expect(stderr).toBe('KEY_EXISTS: there is a key link/1 on the token already\n');
  const ceremonies = [...stdout.matchAll(/^ceremony +(\S+)$/gm)].map(([, ceremony]) => ceremony);
  expect(ceremonies).toEqual([
    'init',
    'add-institution',
    'add-version',
    'add-record-period',
    'lock-down',
    'destroy',
    // Printed again by the check without an HSM.
    'init',
  ]);
  expect(stdout.match(/^The token is as the record says\.$/gm)).toHaveLength(2);
  expect(stdout.match(/^ {2}refused: /gm)).toHaveLength(3 * 8);
  expect(stdout).toMatch(/^store\/1 +3 hsm-enforced/m);
  expect(stdout).toMatch(/^store\/1 +2 hsm-sealed/m);
  expect(stdout).toContain('institution/0220113112101700/2: made');
  // Nothing is left of the rehearsal but a cache of the TypeScript runner.
  expect(readdirSync(folder).filter((name) => !name.startsWith('tsx-'))).toEqual(['npm']);
}, 120_000);

test('the script has boxes to tick, and explains every member of a record', () => {
  expect(PAGE.match(/^- \[ \] /gm)?.length).toBeGreaterThan(15);
  const members = [...PAGE.matchAll(/^\| `(\w+)` /gm)].map(([, member]) => member);
  expect(members).toEqual([
    'format',
    'version',
    'ceremony',
    'at',
    'who',
    'level',
    'token',
    'module',
    'keys',
    'signedBy',
    'signature',
  ]);
});
