import type { IssuanceStore, StoreCallOptions } from '../stores/port.js';
import type { RotationRecord, RotationStatus } from '../stores/rotation-port.js';

/** The rotations that are in one of these statuses. */
export async function rotationsIn(
  store: IssuanceStore,
  statuses: readonly RotationStatus[],
  options: StoreCallOptions,
): Promise<readonly RotationRecord[]> {
  const rotations = await store.rotations(options);
  return rotations.filter(({ status }) => statuses.includes(status));
}
