import type { AuditKeyName } from '../codes/key-names.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { OperationLog } from '../lifecycle/operation-log.js';
import type { IssuanceStore } from '../stores/port.js';
import type { RotationMove, RotationStatus } from '../stores/rotation-port.js';
import type { Vault } from '../vault/port.js';
import type { RotationEvent } from './events.js';
import { wrongStatus } from './faults.js';
import type { ReceiptKey } from './receipt.js';
import { type PlannedRotation, planOf } from './stored-plan.js';

/** What every step of a rotation works with. */
export interface RotationContext {
  readonly vault: Vault;
  readonly store: IssuanceStore;
  readonly auditKey: AuditKeyName;
  readonly now: () => number;
  readonly observe: (event: RotationEvent) => void;
  /** Where steps are written down; nowhere when undefined. */
  readonly log: OperationLog | undefined;
}

/**
 * Reads a rotation and its plan.
 *
 * @throws RenkeiError `ROTATION_UNKNOWN` or `STORE_CORRUPT`
 */
export async function readRotation(
  { store }: RotationContext,
  id: number,
  signal?: AbortSignal,
): Promise<PlannedRotation> {
  const records = await store.rotations(signalOption(signal));
  const record = records.find((one) => one.id === id);
  if (record === undefined) throw new RenkeiError('ROTATION_UNKNOWN', 'there is no rotation of this number');
  return planOf(record);
}

/**
 * Moves a rotation on, and tells of it.
 *
 * @returns false when the store refused, since something is open still or the status is another
 */
export async function moveOn(
  { store, observe, now }: RotationContext,
  { record }: PlannedRotation,
  move: Omit<RotationMove, 'id' | 'at'>,
): Promise<boolean> {
  const outcome = await store.moveRotation({ ...move, id: record.id, at: now() });
  if (outcome === 'inserted' && move.from !== move.to) {
    observe({ event: 'status', id: record.id, kind: record.kind, status: move.to });
  }
  return outcome !== 'conflict';
}

/**
 * The same where only the status can be in the way.
 *
 * @throws RenkeiError `ROTATION_STATUS`
 */
export async function moveOrRefuse(
  context: RotationContext,
  rotation: PlannedRotation,
  step: string,
  move: Omit<RotationMove, 'id' | 'at'>,
): Promise<void> {
  if (await moveOn(context, rotation, move)) return;
  const { id } = rotation.record;
  throw wrongStatus(id, step, (await readRotation(context, id)).record.status);
}

/**
 * Makes sure that a rotation is in one of these statuses.
 *
 * @throws RenkeiError `ROTATION_STATUS`
 */
export function requireStatus(
  { record }: PlannedRotation,
  step: string,
  ...statuses: readonly RotationStatus[]
): void {
  if (!statuses.includes(record.status)) throw wrongStatus(record.id, step, record.status);
}

/**
 * Makes sure that the vault's keys are those the rotation was begun with.
 *
 * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH` or a key error
 */
export async function requireKeys(
  { vault }: Pick<RotationContext, 'vault'>,
  keys: readonly ReceiptKey[],
): Promise<void> {
  for (const { name, fingerprint } of keys) {
    if ((await vault.fingerprint(name)) === fingerprint) continue;
    throw new RenkeiError(
      'KEY_FINGERPRINT_MISMATCH',
      `key ${name} of the vault is not the one the rotation was begun with`,
    );
  }
}
