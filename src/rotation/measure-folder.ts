import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { inFolder } from './faults.js';
import { countNewCodes, mergePairs } from './merge.js';
import { type PartFile, writePartFile } from './part-file.js';
import { rateOf } from './rate-of.js';

const FILES = 2;
const FILE_ROWS = 25_000;

/** How fast pairs are written to files of parts, and how fast these are merged into a delivery. */
export interface FolderRates {
  readonly writing: number;
  readonly merging: number;
  /** What was measured, in words. */
  readonly basis: string;
}

/** Measures a folder's disk with files as workers write them, of random pairs. They are deleted. */
export async function measureFolder(
  wanted: string = tmpdir(),
  signal: AbortSignal | undefined,
): Promise<FolderRates> {
  // The folder may be made later by the workers: what is above it is on the same disk as a rule.
  let folder = resolve(wanted);
  while (!existsSync(folder)) folder = dirname(folder);
  const name = `rotation-${randomBytes(8).toString('hex')}-rate`;
  const names = Array.from({ length: FILES }, (_, k) => `${name}-${k}`);
  try {
    let begun = performance.now();
    const files: PartFile[] = [];
    for (const file of names) {
      const [oldCodes, newCodes] = [
        randomBytes(FILE_ROWS * CODE_LENGTH),
        randomBytes(FILE_ROWS * CODE_LENGTH),
      ];
      files.push(await writePartFile(folder, file, { oldCodes, newCodes }));
    }
    const rows = FILES * FILE_ROWS;
    const writing = rateOf(rows, begun);
    begun = performance.now();
    await countNewCodes(folder, files, signal);
    for await (const _ of mergePairs(folder, files, signal));
    return { writing, merging: rateOf(rows, begun), basis: `${FILES} files of ${FILE_ROWS} random pairs` };
  } finally {
    for (const file of names) {
      await inFolder('removing a file', () => rm(join(folder, file), { force: true }));
    }
  }
}
