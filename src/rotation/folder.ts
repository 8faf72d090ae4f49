import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RenkeiError } from '../errors/renkei-error.js';
import { FolderLock } from '../issuance/spill/folder-lock.js';
import { folderFault, inFolder } from './faults.js';
import { makeFolder } from './part-file.js';
import type { StoredPlan } from './stored-plan.js';

/**
 * Runs a step that only one process may do in a folder at a time. Of two machines on one file system it does not hold
 * back the second: that is for whoever operates them.
 *
 * @throws RenkeiError `ROTATION_FOLDER` when another is at it
 */
export async function aloneInFolder<T>(folder: string, step: () => Promise<T>): Promise<T> {
  await makeFolder(folder);
  const lock = await FolderLock.take(folder).catch((error: unknown) => {
    if (!(error instanceof RenkeiError)) throw error;
    throw folderFault(
      error.code === 'SPILL_IN_USE' ? 'another process is at this step' : 'it cannot be locked',
    );
  });
  try {
    return await step();
  } finally {
    lock.release();
  }
}

/** Removes the workers' files of a rotation: what they hold is in the deliveries. */
export async function removePartFiles(folder: string, { mark }: StoredPlan): Promise<void> {
  await inFolder('removing files', async () => {
    for (const file of await readdir(folder)) {
      if (file.startsWith(`rotation-${mark}-`)) await rm(join(folder, file), { force: true });
    }
  });
}
