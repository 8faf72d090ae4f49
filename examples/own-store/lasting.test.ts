import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from 'renkei/sqlite';
import { issuanceStoreContract } from 'renkei/testing';
import { afterAll, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'renkei-own-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cases = issuanceStoreContract({
  newPlace: () => join(folder, randomUUID()),
  open: (place) => openSqliteStore({ path: place }),
});
test.each(cases)('$group: $name', { timeout: 60_000 }, ({ run }) => run());
