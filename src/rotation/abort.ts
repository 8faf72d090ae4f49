import { removeDeliveries } from './assemble.js';
import { moveOrRefuse, type RotationContext, readRotation, requireStatus } from './context.js';
import { aloneInFolder, removePartFiles } from './folder.js';
import type { AbortOptions } from './options.js';
import type { PlannedRotation } from './stored-plan.js';

/** Successors forgotten in one transaction. */
const DISCARDED_AT_ONCE = 10_000;

/**
 * Rolls a rotation back: what it has made is forgotten, and the store is as if it had never been, but for the new keys,
 * which stay on record, pre-active. Not after the switch. Again goes on.
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
  if (folder !== undefined) {
    await aloneInFolder(folder, async () => {
      await removePartFiles(folder, rotation.plan);
      await removeDeliveries(folder, rotation);
    });
  }
}

async function forget(context: RotationContext, rotation: PlannedRotation): Promise<void> {
  const { status } = rotation.record;
  if (status === 'aborted') return;
  if (status !== 'aborting') {
    await moveOrRefuse(context, rotation, 'abort', { from: status, to: 'aborting' });
  }
  if (rotation.plan.store.to !== undefined) {
    while ((await context.store.discardSuccessors(DISCARDED_AT_ONCE)) > 0);
  }
  await moveOrRefuse(context, rotation, 'abort', { from: 'aborting', to: 'aborted' });
}
