import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { createMemoryRecordStore, createMemoryStore } from 'renkei';
import { issuanceStoreContract, recordStoreContract } from 'renkei/testing';
import { expect, test } from 'vitest';
import { BROKEN_STORES } from '../testing/broken-stores.js';
import { sectionUnder, tableRows } from './markdown.js';

const PAGE = readFileSync('docs/stores/your-own-store.md', 'utf8');
const cases = issuanceStoreContract({ open: async () => createMemoryStore(), newPlace: () => '' });

test('docs/stores/your-own-store.md shows the examples of examples/own-store as they are', () => {
  const shown = [...PAGE.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
  const files = ['main.ts', 'lasting.test.ts'].map((file) =>
    readFileSync(`examples/own-store/${file}`, 'utf8'),
  );
  expect(shown).toEqual(files);
});

test('its example for node:test runs every case, and all pass', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--test', '--test-reporter=tap', 'examples/own-store/main.ts'],
    // Inside a test of its own a runner would report to the one around it.
    { env: { ...process.env, NODE_TEST_CONTEXT: undefined } },
  );
  const forEveryStore = issuanceStoreContract({ open: async () => createMemoryStore() });
  expect(stdout).toContain(`# pass ${forEveryStore.length}\n`);
  expect(stdout).toContain('# fail 0\n');
});

test('its table names the groups of the contract, in their order', () => {
  const rows = tableRows(sectionUnder(PAGE, '## What do the cases ask?'));
  expect(rows.map(([group]) => group)).toEqual([...new Set(cases.map(({ group }) => group))]);
});

test('its table for record stores names the groups of their contract, in their order', () => {
  const groups = recordStoreContract({ open: async () => createMemoryRecordStore(), newPlace: () => '' });
  const section = sectionUnder(PAGE, '## And a record store?');
  const rows = tableRows(section.slice(section.indexOf('| group')));
  expect(rows.map(([group]) => group)).toEqual([...new Set(groups.map(({ group }) => group))]);
});

test('it says how many broken stores there are', () => {
  expect(BROKEN_STORES).toHaveLength(64);
  expect(PAGE).toContain('sixty-four broken stores');
});
