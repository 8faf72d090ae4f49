import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { FolderLock } from '../../../src/issuance/spill/folder-lock.js';
import type { BulkLoadPlan } from '../../support/bulk-load-child.js';
import { Child } from '../../support/child.js';
import { syntheticResidentTexts } from '../../support/residents.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { openSoftwareIssuer } from '../../support/software-issuer.js';
import { withCode } from '../../support/with-code.js';

const scratch = makeScratchFolder();
let folders = 0;
let folder: string;
beforeEach(() => {
  folder = scratch.path(`folder-${folders++}`);
  mkdirSync(folder);
});

describe('the lock of a spill folder', () => {
  test('is held until it is released, by one of many who want it', async () => {
    for (let round = 0; round < 20; round++) {
      const wanted = await Promise.allSettled(Array.from({ length: 5 }, () => FolderLock.take(folder)));
      const held = wanted.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
      expect(held.length).toBeLessThanOrEqual(1);
      for (const one of wanted) {
        if (one.status === 'rejected') expect(one.reason).toEqual(withCode('SPILL_IN_USE'));
      }
      if (held.length === 1) await expect(FolderLock.take(folder)).rejects.toThrow(withCode('SPILL_IN_USE'));
      for (const lock of held) lock.release();
      const again = await FolderLock.take(folder);
      again.release();
      again.release();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  test('passes over what a process that was killed left behind', async () => {
    const dead = createServer();
    const path = join(folder, 'lock-0123456789abcdef');
    await new Promise<void>((resolve) => dead.listen(path, resolve));
    renameSync(path, join(folder, 'kept'));
    await new Promise((resolve) => dead.close(resolve));
    renameSync(join(folder, 'kept'), path);
    const lock = await FolderLock.take(folder);
    expect(readdirSync(folder)).toHaveLength(1);
    lock.release();
  });

  test('works in a folder whose path is longer than that of a socket may be', async () => {
    const deep = join(folder, 'a'.repeat(120));
    mkdirSync(deep);
    const lock = await FolderLock.take(deep);
    await expect(FolderLock.take(deep)).rejects.toThrow(withCode('SPILL_IN_USE'));
    lock.release();
  });

  test('keeps another process out while one is at work, and lets it in when that one is killed', async () => {
    const load = join(folder, 'load');
    const plan: BulkLoadPlan = {
      database: join(folder, 'issuance.sqlite'),
      folder: load,
      list: syntheticResidentTexts(1, 0, 30),
    };
    const { issuer } = await openSoftwareIssuer();
    const child = new Child('bulk-load-child.ts', plan);
    try {
      expect(await child.line()).toMatch(/^receiving/);
      await expect(issuer.openBulkLoad('A1', { folder: load })).rejects.toThrow(withCode('SPILL_IN_USE'));
    } finally {
      await child.kill();
    }
    const opened = await issuer.openBulkLoad('A1', { folder: load });
    await opened.close();
  });

  test('in a folder that cannot hold one is a fault', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(FolderLock.take(join(file, 'below'))).rejects.toThrow(withCode('SPILL_FAULT'));
  });
});
