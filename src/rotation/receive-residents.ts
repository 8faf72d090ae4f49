import { allocateOffHeap } from '../bytes/allocate.js';
import { wipe } from '../bytes/wipe.js';
import { pickCodes, rowsWithout } from '../codes/packed-codes.js';
import { signalOption, throwIfAborted } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { requireSameRefusals } from '../issuance/derive-residents.js';
import { LeavableSource } from '../issuance/leavable-source.js';
import { countResidents, packedResidents, type Residents } from '../issuance/residents.js';
import { MAX_BATCH_ROWS } from '../stores/port.js';
import { wipeResidents } from '../vault/arguments.js';
import { type RotationContext, readRotation, requireKeys, requireStatus } from './context.js';
import type { ReceivedResidents, ReceiveResidentsOptions, ResidentBatches } from './options.js';
import type { PlannedRotation } from './stored-plan.js';

/**
 * Takes a delivered list of resident record codes (住民票コード) into the rotation of a generation: the store codes of both
 * generations are derived of it. The batches are wiped. Again changes nothing.
 *
 * @throws RenkeiError `ROTATION_STATUS`, `ROTATION_UNSUPPORTED` for a rotation that takes no list, `BATCH_TOO_LARGE`,
 *   `BUFFER_LENGTH`, a vault or store error
 */
export async function receiveResidents(
  context: RotationContext,
  id: number,
  batches: ResidentBatches,
  { onProgress, signal }: ReceiveResidentsOptions,
): Promise<ReceivedResidents> {
  const source = new LeavableSource<Residents>(batches, (batch) => wipeResidents(batch));
  const leave = () => source.leave();
  signal?.addEventListener('abort', leave, { once: true });
  let total: ReceivedResidents = { received: 0, refused: 0, unknown: 0 };
  try {
    throwIfAborted(signal);
    const rotation = await readRotation(context, id, signal);
    if (rotation.plan.source !== 'list') {
      throw new RenkeiError('ROTATION_UNSUPPORTED', `rotation ${id} does not take a list of residents`);
    }
    // Somebody who was written after the verification may be in no list yet: only the switch waits for them then.
    requireStatus(rotation, 'receiving residents', 'running', 'verified');
    await requireKeys(context, [...rotation.plan.from, ...rotation.plan.to]);
    for (;;) {
      const next = await source.next();
      throwIfAborted(signal);
      if (next === undefined) break;
      const batch = await receiveBatch(context, rotation, next.item, signal);
      total = {
        received: total.received + batch.received,
        refused: total.refused + batch.refused,
        unknown: total.unknown + batch.unknown,
      };
      onProgress?.(total);
    }
    await context.store.lendSuccessors(signalOption(signal));
    return total;
  } finally {
    signal?.removeEventListener('abort', leave);
    leave();
  }
}

async function receiveBatch(
  { vault, store }: RotationContext,
  { plan }: PlannedRotation,
  residents: Residents,
  signal: AbortSignal | undefined,
): Promise<ReceivedResidents> {
  const options = signalOption(signal);
  const { from, to } = plan.store;
  try {
    const received = countResidents(residents);
    if (received > MAX_BATCH_ROWS) {
      throw new RenkeiError(
        'BATCH_TOO_LARGE',
        `a batch has at most ${MAX_BATCH_ROWS} residents, this one ${received}`,
      );
    }
    const { residents: packed, refusals } = packedResidents(residents);
    const copy = allocateOffHeap(packed.length);
    try {
      copy.set(packed);
      const before = await vault.derive(copy, [from], { generation: plan.generation - 1, ...options });
      const after = await vault.derive(packed, to === undefined ? [] : [to], {
        generation: plan.generation,
        ...options,
      });
      requireSameRefusals(before.refusals, after.refusals);
      const refused = new Set([...before.refusals, ...refusals].map(({ index }) => index));
      const kept = rowsWithout(received, refused);
      const oldCodes = pickCodes(before.codes[0] as Uint8Array, kept);
      const newCodes = pickCodes(after.codes[0] as Uint8Array, kept);
      const outcomes = await store.succeed({ oldCodes, newCodes }, options);
      const { missing } = await store.successors(oldCodes, options);
      // A code that has lent its successor to the person's own has none, and is known all the same.
      const unknown = missing.filter((row) => outcomes[row] !== 'conflict');
      return { received, refused: refused.size, unknown: unknown.length };
    } finally {
      wipe(copy, packed);
    }
  } finally {
    wipeResidents(residents);
  }
}
