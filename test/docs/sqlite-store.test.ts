import { readFileSync, statSync } from 'node:fs';
import { institutionAudience, parseInstitutionCode } from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { expect, test } from 'vitest';
import type { StoreInvariant } from '../../src/stores/port.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { seededBytes } from '../support/seeded-bytes.js';
import { sectionUnder, tableRows } from './markdown.js';

const PAGE = readFileSync('docs/stores/sqlite.md', 'utf8');
const folder = makeScratchFolder();
const PEOPLE = 100_000;
const BATCH = 10_000;

/** Every invariant once; the compiler sees to it that none is missing. */
const INVARIANTS: Readonly<Record<StoreInvariant, true>> = {
  'storage-intact': true,
  'key-name-valid': true,
  'key-fingerprint-distinct': true,
  'institution-has-key': true,
  'store-code-length': true,
  'person-generation-has-key': true,
  'alias-leads-to-person': true,
  'alias-has-no-issuance': true,
  'issuance-has-person': true,
  'issuance-has-institution': true,
  'issuance-version-has-key': true,
  'succession-leads-from-person': true,
  'audience-has-one-active-key': true,
};

test('docs/stores/sqlite.md explains every finding', () => {
  const rows = tableRows(sectionUnder(PAGE, '## What does a finding mean?'));
  expect(rows.map(([name]) => name)).toEqual(Object.keys(INVARIANTS).map((name) => `\`${name}\``));
});

test('docs/stores/sqlite.md: the sizes are those of a store', async () => {
  const documented = tableRows(sectionUnder(PAGE, '## How large does it get?')).map(([, mb]) => Number(mb));
  const path = folder.path('store');
  const codes = seededBytes('people', PEOPLE * 24);
  const changed = seededBytes('changed', PEOPLE * 24);
  const issuedAt = Date.UTC(2026, 3, 1);
  let before = 0;
  /** MB a million people by which the file has grown. */
  const growth = async (write: (storeCodes: Uint8Array, newCodes: Uint8Array) => Promise<unknown>) => {
    for (let at = 0; at < PEOPLE * 24; at += BATCH * 24) {
      await write(codes.subarray(at, at + BATCH * 24), changed.subarray(at, at + BATCH * 24));
    }
    await store.close();
    const size = statSync(path).size;
    const grown = size - before;
    before = size;
    store = await openSqliteStore({ path });
    return grown / PEOPLE;
  };
  let store = await openSqliteStore({ path });
  const measured: number[] = [];
  for (const [k, code] of ['A1', 'B2'].entries()) {
    const institution = parseInstitutionCode(code);
    const fingerprint = `${k}`.padEnd(16, '0');
    await store.registerKey({ name: institutionAudience(code, 1), fingerprint, registeredAt: 0 });
    const issue = (storeCodes: Uint8Array) =>
      store.issue({ institution, keyVersion: 1, generation: 1, issuedAt, storeCodes });
    measured.push(await growth(issue));
  }
  const change = (oldCodes: Uint8Array, newCodes: Uint8Array) =>
    store.change({ generation: 1, changedAt: issuedAt, oldCodes, newCodes });
  measured.push(await growth(change));
  await store.close();
  // How full random rows leave the pages goes up and down by a tenth or so.
  measured.forEach((mb, k) => {
    expect(Math.abs(mb / (documented[k] as number) - 1), `${mb}`).toBeLessThan(0.2);
  });
}, 120_000);
