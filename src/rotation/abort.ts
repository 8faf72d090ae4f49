import { moveOrRefuse, type RotationContext, readRotation, requireStatus } from './context.js';

/** Successors forgotten in one transaction. */
const DISCARDED_AT_ONCE = 10_000;

/**
 * Rolls a rotation back: what it has made is forgotten, and the store is as if it had never been, but for the new keys,
 * which stay on record, pre-active. Not after the switch. Again goes on.
 *
 * @throws RenkeiError `ROTATION_STATUS`
 */
export async function abortRotation(context: RotationContext, id: number): Promise<void> {
  const rotation = await readRotation(context, id);
  const { status } = rotation.record;
  if (status === 'aborted') return;
  requireStatus(rotation, 'abort', 'running', 'paused', 'verified', 'aborting');
  if (status !== 'aborting') await moveOrRefuse(context, rotation, 'abort', { from: status, to: 'aborting' });
  if (rotation.plan.store.to !== undefined) {
    while ((await context.store.discardSuccessors(DISCARDED_AT_ONCE)) > 0);
  }
  await moveOrRefuse(context, rotation, 'abort', { from: 'aborting', to: 'aborted' });
}
