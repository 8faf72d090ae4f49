import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { provisionKeys } from 'renkei/pkcs11';
import { afterAll, expect, test } from 'vitest';
import { syntheticResidents } from '../support/residents.js';
import { makeScratchToken } from '../support/softhsm.js';

const EXAMPLE = 'examples/bulk-load/main.ts';
const token = makeScratchToken('renkei-bulk-load');
afterAll(() => token.remove());

test('docs/bulk-load.md shows the example of examples/bulk-load as it is', () => {
  const [, shown] = /^```ts\n([\s\S]*?)^```/m.exec(readFileSync('docs/bulk-load.md', 'utf8')) ?? [];
  expect(shown).toBe(readFileSync(EXAMPLE, 'utf8'));
});

test('its example loads a list on a fresh token and database', async () => {
  const names = ['link/1', 'store/1', 'institution/0220113112101700/1'];
  const keys = names.map((name) => ({ name, level: 1 as const }));
  await provisionKeys({ module: token.module, token: token.token, pin: token.pin, keys });
  const list = join(token.folder, 'list');
  writeFileSync(list, syntheticResidents(2, 0, 100));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', EXAMPLE], {
    env: {
      ...process.env,
      HSM_MODULE: token.module,
      HSM_TOKEN: token.token.label,
      HSM_PIN: token.userPin,
      DATABASE: join(token.folder, 'issuance.sqlite'),
      SPILL: join(token.folder, 'spill'),
      LIST: list,
    },
  });
  expect(new Set(stdout.match(/[a-z2-7]{40}/g)).size).toBe(100);
  expect(stdout).toContain('{ issued: 100, alreadyIssued: 0, refused: 0 }');
});
