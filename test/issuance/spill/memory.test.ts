import { randomFillSync } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Spill } from '../../../src/issuance/spill/spill.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const ROWS = 50_000;
const MEBIBYTE = 2 ** 20;
const folder = makeScratchFolder();

test('a spill and the reading of it take no more memory for two million people than for a few', async () => {
  const spill = await Spill.open({ folder: folder.path('spill'), withCodes: true, begin: () => ({}) });
  const storeCodes = new Uint8Array(ROWS * 24);
  const codes = new Uint8Array(ROWS * 24);
  const used = async () => {
    // Buffers that are let go of are given back in the background.
    collectGarbage();
    await setTimeout(20);
    collectGarbage();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return (arrayBuffers + heapUsed) / MEBIBYTE;
  };
  const start = await used();
  let most = start;
  for (let batch = 0; batch < 40; batch++) {
    randomFillSync(storeCodes);
    spill.append({ rows: ROWS, storeCodes, codes, refusals: [] });
    if (spill.isCheckpointDue) await spill.checkpoint();
    if (batch % 10 === 9) most = Math.max(most, await used());
  }
  await spill.checkpoint();
  for (let partition = 0; partition < 256; partition++) {
    const rows = spill.readPartitions(partition, partition + 1).length / 24;
    spill.appendOutcomes(partition, { outcomes: new Uint8Array(rows), own: new Map() });
  }
  await spill.checkpoint();
  const cursors = spill.outcomes();
  let read = 0;
  for (const { rows, partitions } of spill.requests()) {
    for (let row = 0; row < rows; row++) cursors.next(partitions[row] as number);
    read += rows;
    if (read % (16 * 32_768) === 0) most = Math.max(most, await used());
  }
  expect(read).toBe(40 * ROWS);
  // The codes given were 92 MiB, twice.
  expect(most - start).toBeLessThan(32);
  spill.erase();
});
