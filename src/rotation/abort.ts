import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unfinishedFiles } from '../delivery/write-delivery.js';
import { deliveryFiles } from './assemble.js';
import { moveOrRefuse, type RotationContext, readRotation, requireStatus } from './context.js';
import { inFolder } from './faults.js';
import { aloneInFolder, removePartFiles } from './folder.js';
import type { AbortOptions } from './options.js';
import type { PlannedRotation } from './stored-plan.js';

/** Successors forgotten in one transaction. */
const DISCARDED_AT_ONCE = 10_000;

/**
 * Rolls a rotation back: what it has made is forgotten, and the store is as if it had never been, but for the new
 * keys, which stay on record, pre-active: the next rotation that they are for takes them. Not after the switch. Again
 * goes on.
 *
 * @throws RenkeiError `ROTATION_STATUS` or `ROTATION_FOLDER`
 */
export async function abortRotation(
  context: RotationContext,
  id: number,
  { folder }: AbortOptions,
): Promise<void> {
  const rotation = await readRotation(context, id);
  requireStatus(rotation, 'abort', 'running', 'paused', 'verified', 'aborting', 'aborted');
  await forget(context, rotation);
  if (folder !== undefined) await aloneInFolder(folder, () => removeFiles(folder, rotation));
}

async function forget(context: RotationContext, rotation: PlannedRotation): Promise<void> {
  const { status } = rotation.record;
  if (status === 'aborted') return;
  if (status !== 'aborting') {
    await moveOrRefuse(context, rotation, 'abort', { from: status, to: 'aborting' });
    // A switch that was killed may have left everybody waiting.
    await context.store.hold(0);
  }
  if (rotation.plan.store.to !== undefined) {
    while ((await context.store.discardSuccessors(DISCARDED_AT_ONCE)) > 0);
  }
  await moveOrRefuse(context, rotation, 'abort', { from: 'aborting', to: 'aborted' });
}

async function removeFiles(folder: string, rotation: PlannedRotation): Promise<void> {
  await removePartFiles(folder, rotation.plan);
  // Those that were made by a step that was killed, too.
  const deliveries = rotation.plan.deliveries.flatMap((_, delivery) => deliveryFiles(rotation, delivery));
  for (const file of deliveries.flatMap((name) => [name, ...unfinishedFiles(name)])) {
    await inFolder('removing a file', () => rm(join(folder, file), { force: true }));
  }
}
