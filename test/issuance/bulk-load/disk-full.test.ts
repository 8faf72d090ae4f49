import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { DiskFullPlan } from '../../support/disk-full-child.js';
import { inBatches } from '../../support/population.js';
import { syntheticResidentTexts } from '../../support/residents.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { openSoftwareIssuer } from '../../support/software-issuer.js';

const scratch = makeScratchFolder();
const CHILD = fileURLToPath(new URL('../../support/disk-full-child.ts', import.meta.url));

test('a disk that is full is a retryable fault, and the load goes on when there is room', async () => {
  const plan: DiskFullPlan = { folder: scratch.path('load'), residents: 3_000 };
  // No file of the child may have more than 48 KiB: the write beyond it fails as on a full disk.
  const limited = 'ulimit -f 48; exec "$0" --import tsx "$1" "$2"';
  const output = execFileSync('bash', ['-c', limited, process.execPath, CHILD, JSON.stringify(plan)]);
  const lines = output.toString().trim().split('\n');
  const received = Number(lines.at(-1)?.split(' ')[2]);
  expect(received).toBeGreaterThan(0);
  expect(lines).toEqual(Array(2).fill(`SPILL_FAULT true ${received}`));

  const { issuer, store } = await openSoftwareIssuer();
  const load = await issuer.openBulkLoad('A1', { folder: plan.folder });
  expect(load.received).toBe(received);
  const list = syntheticResidentTexts(3, 0, plan.residents);
  await load.receive(inBatches(list.slice(load.received), 100));
  await load.store();
  expect(load.counts).toEqual({ issued: plan.residents, alreadyIssued: 0, refused: 0 });
  expect((await store.count()).persons).toBe(plan.residents);
});
