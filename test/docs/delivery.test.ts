import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { formatPerInstitutionCode } from '../../src/codes/per-institution-code.js';
import { writeDelivery } from '../../src/delivery/index.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { makeSigner } from '../support/signer.js';

const EXAMPLE = 'examples/receive-delivery/main.ts';
const INSTITUTION = '0220113112101700';
const PAIRS = 2500;
const scratch = makeScratchFolder();

test('docs/delivery.md shows the example of examples/receive-delivery as it is', () => {
  const [, shown] = /^```ts\n([\s\S]*?)^```/m.exec(readFileSync('docs/delivery.md', 'utf8')) ?? [];
  expect(shown).toBe(readFileSync(EXAMPLE, 'utf8'));
});

test('its example replaces the codes of a table, goes on where it was broken off, and changes nothing twice', async () => {
  const { name, publicKey, sign } = makeSigner();
  const pairs = Buffer.alloc(48 * PAIRS);
  for (let k = 0; k < PAIRS; k++) {
    pairs.writeUInt32BE(k, 48 * k);
    pairs.writeUInt32BE(PAIRS - k, 48 * k + 24);
  }
  const code = (k: number, column: 0 | 1) =>
    formatPerInstitutionCode(pairs.subarray(48 * k + 24 * column, 48 * k + 24 * (column + 1)), column + 1);
  const env = {
    ...process.env,
    DELIVERY: scratch.path('delivery'),
    AUDIT_KEY: scratch.path('key'),
    DATABASE: scratch.path('database'),
  };
  await writeDelivery({
    path: env.DELIVERY,
    facts: {
      rotation: 3,
      sequence: 1,
      audience: `institution/${INSTITUTION}`,
      institution: INSTITUTION,
      fromVersion: 1,
      toVersion: 2,
      fromGeneration: 1,
      toGeneration: 1,
      fingerprints: { from: '0123456789abcdef', to: 'fedcba9876543210' },
      createdAt: '2026-04-01T00:00:00.000Z',
    },
    pairs: [pairs],
    auditKey: { name, publicKey },
    sign,
  });
  writeFileSync(env.AUDIT_KEY, `${Buffer.from(publicKey).toString('hex')}\n`);
  const database = new Database(env.DATABASE);
  database.exec('CREATE TABLE person (code TEXT PRIMARY KEY, position INT)');
  const insert = database.prepare('INSERT INTO person VALUES (?, ?)');
  database.transaction(() => {
    // The person of the last pair was deleted; the first block was dealt with by a run that was broken off.
    for (let k = 0; k < PAIRS - 1; k++) insert.run(code(k, k < 1024 ? 1 : 0), k);
  })();
  database.exec('CREATE TABLE taken (rotation INT, file INT, pairs INT, PRIMARY KEY (rotation, file))');
  database.prepare('INSERT INTO taken VALUES (3, 1, 1024)').run();

  const run = () => promisify(execFile)(process.execPath, ['--import', 'tsx', EXAMPLE], { env });
  expect((await run()).stdout).toContain('from: 1024, replaced: 1475');
  expect((await run()).stdout).toContain('from: 2500, replaced: 0');
  const rows = database.prepare('SELECT code FROM person ORDER BY position').pluck().all();
  expect(rows).toEqual(Array.from({ length: PAIRS - 1 }, (_, k) => code(k, 1)));
  database.close();
});
