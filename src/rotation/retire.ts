import { signalOption, throwIfAborted } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { isBeforeSwitch } from '../stores/rotation-arguments.js';
import { moveOrRefuse, type RotationContext, readRotation, requireStatus } from './context.js';
import { makeReceipt } from './make-receipt.js';
import { Notebook } from './notebook.js';
import type { RetireOptions } from './options.js';
import type { RotationReceipt } from './receipt.js';
import { receiptOf } from './receipt-of.js';
import type { SignedReceipt } from './receipts.js';
import { endOfRetention, RETENTION_YEARS } from './retention.js';
import type { PlannedRotation } from './stored-plan.js';
import { retiring } from './transitions.js';

const DEFAULT_BATCH_ROWS = 10_000;

/**
 * Refuses the old keys from now on, and moves rows to the new store key; of a record period, has its records erased.
 * Again goes on, or gives the same receipt.
 *
 * @throws RenkeiError `ROTATION_STATUS`, `ROTATION_TOO_EARLY`, `ROTATION_IN_PROGRESS`, `OPTION_INVALID` when an
 *   eraser is missing, a store error
 */
export async function retireRotation(
  context: RotationContext,
  id: number,
  options: RetireOptions,
): Promise<SignedReceipt> {
  const rotation = await readRotation(context, id, options.signal);
  const before = receiptOf(rotation, 'retire');
  if (before !== undefined) return before;
  requireStatus(rotation, 'retire', 'switched', 'retiring');
  requireRetention(context, rotation, options);
  if (rotation.record.status === 'switched') {
    await requireNoDelivery(context, rotation);
    await moveOrRefuse(context, rotation, 'retire', {
      from: 'switched',
      to: 'retiring',
      keys: retiring(rotation.plan),
    });
  }
  const counts = await clear(context, rotation, options);
  const notebook = Notebook.read((await readRotation(context, id)).record.notebook);
  const receipt = await makeReceipt(context, rotation, notebook, {
    step: 'retire',
    counts,
    ...cleared(rotation),
  });
  await moveOrRefuse(context, rotation, 'retire', {
    from: 'retiring',
    to: 'retired',
    notebook: notebook.with({ receipt }).toString(),
  });
  return receipt;
}

/**
 * A change of generation delivers the record codes of every period whose key is live: it needs the key until its
 * switch.
 */
async function requireNoDelivery({ store }: RotationContext, { plan }: PlannedRotation): Promise<void> {
  if (plan.period === undefined) return;
  const open = await store.rotations();
  if (!open.some(({ kind, status }) => kind === 'generation' && isBeforeSwitch(status))) return;
  throw new RenkeiError(
    'ROTATION_IN_PROGRESS',
    'a rotation leads to another generation and delivers the codes of this period: retire it after the switch',
  );
}

/**
 * Of a rotation that replaces the store key: `moveRows` has answered 0, and the store lets nobody write under the old
 * key.
 */
function cleared({ plan }: PlannedRotation): Pick<RotationReceipt, 'cleared'> {
  if (plan.store.to === undefined) return {};
  return { cleared: { key: plan.store.from, codesLeft: 0, saidBy: 'store' } };
}

/** Moves the rows, or has the records erased. */
async function clear(
  { store }: RotationContext,
  { plan }: PlannedRotation,
  { eraser, batchRows = DEFAULT_BATCH_ROWS, onProgress, signal }: RetireOptions,
): Promise<Readonly<Record<string, number>>> {
  if (plan.period !== undefined && eraser !== undefined) {
    const { rows } = await eraser.erase(plan.period.close);
    return { erased: rows };
  }
  let moved = 0;
  if (plan.store.to === undefined) return { moved };
  for (;;) {
    throwIfAborted(signal);
    const rows = await store.moveRows(batchRows, signalOption(signal));
    if (rows === 0) return { moved };
    moved += rows;
    onProgress?.(moved);
  }
}

function requireRetention(
  { now }: RotationContext,
  { plan }: PlannedRotation,
  { eraser }: RetireOptions,
): void {
  if (plan.period === undefined) {
    if (eraser === undefined) return;
    throw new RenkeiError('OPTION_INVALID', 'retire: option "eraser" is for record periods');
  }
  const until = endOfRetention(plan.period.endedAt);
  if (now() < until) {
    throw new RenkeiError(
      'ROTATION_TOO_EARLY',
      `records of the period ${plan.period.close} are kept for ${RETENTION_YEARS} years, until ${new Date(until).toISOString()}`,
    );
  }
  if (eraser === undefined) throw new RenkeiError('OPTION_INVALID', 'retire: option "eraser" must be given');
}
