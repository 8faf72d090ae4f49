import { readdirSync } from 'node:fs';
import type { Audience, Vault } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { syntheticResidents } from '../../support/residents.js';
import { makeScratchToken } from '../../support/softhsm.js';

const scratch = makeScratchToken('leaks');
const { module, token, pin } = scratch;
const MIB = 1_048_576;

beforeAll(async () => {
  const keys = ['link/1', 'store/1'].map((name) => ({ name, level: 2 as const }));
  await provisionKeys({ module, token, pin, keys });
});
afterAll(() => scratch.remove());

/** Threads, open files and resident memory of this process. */
function usage(): { readonly threads: number; readonly files: number; readonly mib: number } {
  return {
    threads: readdirSync('/proc/self/task').length,
    files: readdirSync('/proc/self/fd').length,
    mib: process.memoryUsage.rss() / MIB,
  };
}

async function cycle(): Promise<void> {
  const vault: Vault = await openPkcs11Vault({ module, token, pin });
  await vault.derive(syntheticResidents(1, 0, 3), ['store/1' as Audience]);
  await vault.close();
}

it('200 openings and closings leave no thread, no open file and no memory that grows with them', async () => {
  for (let n = 0; n < 20; n++) await cycle();
  const before = usage();
  for (let n = 0; n < 200; n++) await cycle();
  const after = usage();
  expect(after.threads).toBe(before.threads);
  expect(after.files).toBe(before.files);
  expect(after.mib - before.mib).toBeLessThan(64);
});
