import { existsSync, statSync, writeFileSync } from 'node:fs';
import { openSqliteStore } from 'renkei/sqlite';
import { describe, expect, it } from 'vitest';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { withCode } from '../../support/with-code.js';

const folder = makeScratchFolder();

describe('opening with create: false', () => {
  it('refuses where there is no file, and makes none', async () => {
    const path = folder.path('absent.sqlite');
    await expect(openSqliteStore({ path, create: false })).rejects.toThrow(withCode('STORE_SCHEMA'));
    expect(existsSync(path)).toBe(false);
  });

  it('refuses an empty file, and leaves it empty', async () => {
    const path = folder.path('empty.sqlite');
    writeFileSync(path, '');
    await expect(openSqliteStore({ path, create: false })).rejects.toThrow(withCode('STORE_SCHEMA'));
    expect(statSync(path).size).toBe(0);
  });

  it('opens a store that is there', async () => {
    const path = folder.path('store.sqlite');
    await (await openSqliteStore({ path })).close();
    await using store = await openSqliteStore({ path, create: false });
    expect(await store.check()).toEqual([]);
  });
});
