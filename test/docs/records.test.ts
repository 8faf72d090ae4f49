import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { RecordFindingKind } from '../../src/records/check/finding.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { sectionUnder, tableRows } from './markdown.js';

const EXAMPLE = 'examples/records/main.ts';
const PAGE = readFileSync('docs/records.md', 'utf8');
const { path } = makeScratchFolder();

test('docs/records.md shows the example of examples/records as it is', () => {
  const [, shown] = /^```ts\n([\s\S]*?)^```/m.exec(PAGE) ?? [];
  expect(shown).toBe(readFileSync(EXAMPLE, 'utf8'));
});

test('its example discloses, corrects, extracts, and finds nothing wrong', async () => {
  const env = { ...process.env, FOLDER: dirname(path('x')) };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', EXAMPLE], { env });
  expect(stdout).toContain("providerName: 'B2市長'");
  expect(stdout).toContain("provision: 'awaited'");
  expect(stdout).toMatch(/\ncorrected\n\{ records: 1, rows: 2 \}\n1 福祉課\n2 子育て支援課\n$/);
});

test('its table of findings names every kind', () => {
  const kinds: Record<RecordFindingKind, true> = {
    'row-changed': true,
    'row-missing': true,
    'row-put-back': true,
    'row-hidden': true,
    'row-not-logged': true,
    'request-moved': true,
    'period-changed': true,
    'entry-damaged': true,
    'log-cut': true,
  };
  const rows = tableRows(sectionUnder(PAGE, '## Was anything changed?'));
  expect(rows.map(([kind]) => kind)).toEqual(Object.keys(kinds).map((kind) => `\`${kind}\``));
});
