import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const FOLDER = 'examples/permissions';
const FILES = [
  'main.ts',
  'table.json',
  'table-2026-10.csv',
  'institutions.csv',
  'cells.json',
  'breaches.csv',
];

test(`docs/permission-table.md shows the files of ${FOLDER} as they are`, () => {
  const blocks = readFileSync('docs/permission-table.md', 'utf8').matchAll(/^```[a-z]+\n([\s\S]*?)^```/gm);
  const shown = [...blocks].map(([, content]) => content);
  expect(shown).toEqual(FILES.map((name) => readFileSync(`${FOLDER}/${name}`, 'utf8')));
});

test('its example answers what its comments say', async () => {
  const command = ['--import', 'tsx', `${FOLDER}/main.ts`];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command);
  expect(stderr).toBe('');
  const [uncovered, ...answers] = stdout.trimEnd().split('\n');
  expect(uncovered).toContain('厚生労働大臣');
  expect(answers).toEqual([
    '2026-04-01 permitted by 号 一',
    '2026-04-01 permitted by 号 一',
    '2026-05-15 provider-in-breach',
    '2026-06-30 permitted by 号 二',
    '2026-07-01 not-listed',
    '2026-04-01 institution-unknown',
    '2026-03-31 not-listed',
    '2026-09-30 permitted by 号 一',
    '2026-10-01 not-listed',
    '2026-10-01 permitted by 号 二',
    '2026-11-01 provider-in-breach',
  ]);
});
