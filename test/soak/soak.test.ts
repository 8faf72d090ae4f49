import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('A short soak: things break every second, and nothing is wrong, lost or issued twice', async () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', main, '--seconds', '5']);
  const totals = Object.fromEntries(
    (stdout.trim().split('\n').at(-1) as string).split(', ').map((entry) => {
      const [, name, count] = /^(.+) (\d+)$/.exec(entry) as unknown as [string, string, string];
      return [name, Number(count)];
    }),
  );
  expect(totals).toMatchObject({ 'wrong codes': 0, lost: 0, duplicates: 0, 'unhandled rejections': 0 });
  expect(totals.faults).toBeGreaterThan(0);
  expect(totals.recoveries).toBeGreaterThan(0);
  expect(totals.requests).toBeGreaterThan(100);
});
