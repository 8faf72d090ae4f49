import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { LogFinding } from '../../src/audit/findings.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { sectionUnder, tableRows } from './markdown.js';

const EXAMPLE = 'examples/audit-log/main.ts';
const PAGE = readFileSync('docs/audit-log.md', 'utf8');
const { path } = makeScratchFolder();

test('docs/audit-log.md shows the example of examples/audit-log as it is', () => {
  const [, shown] = /^```ts\n([\s\S]*?)^```/m.exec(PAGE) ?? [];
  expect(shown).toBe(readFileSync(EXAMPLE, 'utf8'));
});

test('its example prints what the page says, and names the entry that was tampered with', async () => {
  const env = { ...process.env, FOLDER: dirname(path('x')) };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', EXAMPLE], { env });
  const [, printed] = /^```text\n([\s\S]*?)^```/m.exec(PAGE) ?? [];
  expect(stdout).toBe(printed);
});

test('its table of findings names every one', () => {
  const findings: Record<LogFinding['finding'], true> = {
    'entry-changed': true,
    'entry-malformed': true,
    'entries-missing': true,
    'entry-repeated': true,
    'entry-out-of-time': true,
    'chain-broken': true,
    'log-contradicts-checkpoint': true,
    'log-truncated': true,
    'log-forked': true,
    'checkpoint-forged': true,
    'checkpoint-foreign': true,
    'checkpoint-malformed': true,
    'checkpoint-misplaced': true,
  };
  const rows = tableRows(sectionUnder(PAGE, '## What is found, and by which name?'));
  expect(rows.map(([finding]) => finding)).toEqual(Object.keys(findings).map((name) => `\`${name}\``));
});

test('its table of operations names every event that an operation is written down as, and no other', () => {
  const rows = tableRows(sectionUnder(PAGE, '## What goes into the log?'));
  const named = rows.flatMap(([cell = '']) => {
    const [first = '', ...others] = [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
    return [first, ...others.map((name) => (name.startsWith('.') ? first.replace(/\.[^.]*$/, name) : name))];
  });
  const written = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(`src/${file}`, 'utf8'))
    .filter((source) => source.includes('logged({'))
    .flatMap((source) => [...source.matchAll(/event: ['`]([a-z.-]+)/g)].map(([, event]) => event as string));
  expect(new Set(written.map((event) => event.split('.')[0]))).toEqual(
    new Set(named.map((event) => event.split('.')[0])),
  );
  for (const event of written.filter((one) => !one.endsWith('.'))) expect(named).toContain(event);
});
