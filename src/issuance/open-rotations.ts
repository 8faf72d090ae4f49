import type { KeyName } from '../codes/key-names.js';
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

/** What is read here of the plan of a rotation: the keys that replace others. */
interface KeysInPlan {
  readonly to?: readonly { readonly name?: unknown }[];
}

/**
 * True when a rotation leads to this key: another version may be on record unused, such as that of a rotation that was
 * aborted. A plan that names no keys leads to none.
 */
export function leadsTo({ plan }: RotationRecord, key: KeyName): boolean {
  try {
    return (JSON.parse(plan) as KeysInPlan).to?.some(({ name }) => name === key) === true;
  } catch {
    return false;
  }
}
