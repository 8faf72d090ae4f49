import assert from 'node:assert/strict';
import type { IssuanceStore, Successors } from '../stores/port.js';
import type {
  NewRotation,
  PartClaim,
  RotationMove,
  RotationStatus,
  SuccessorPairs,
} from '../stores/rotation-port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import { storeCodes } from './samples.js';

/** A rotation of an institution's codes without parts. */
export function rotationOf(institution: InstitutionCode, changes: Partial<NewRotation> = {}): NewRotation {
  return {
    kind: 'institution',
    subject: institution,
    notes: [institution],
    parts: 0,
    plan: 'a plan',
    createdAt: 5_000,
    ...changes,
  };
}

/** One of the store key, with a part. */
export const STORE_ROTATION: NewRotation = {
  kind: 'store',
  subject: '*',
  notes: 'persons',
  successor: { generation: 1, storeKeyVersion: 2 },
  parts: 1,
  plan: '',
  createdAt: 5_000,
};

/** One of the generation, without parts. */
export const GENERATION_ROTATION: NewRotation = {
  kind: 'generation',
  subject: '*',
  notes: 'everything',
  successor: { generation: 2, storeKeyVersion: 2 },
  parts: 0,
  plan: '',
  createdAt: 5_000,
};

/** A worker's wish for a part, for a second from the sixth on. */
export function claimOf(id: number, changes: Partial<PartClaim> = {}): PartClaim {
  return { id, worker: 'one', now: 6_000, leaseMs: 1_000, ...changes };
}

/** A move at the seventh second. */
export function moveOf(
  id: number,
  from: RotationStatus,
  to: RotationStatus,
  changes: Partial<RotationMove> = {},
): RotationMove {
  return { id, from, to, at: 7_000, ...changes };
}

/** Numbered people's codes under the old and the new store key. */
export function pairsOf(...pairs: readonly (readonly [number, number])[]): SuccessorPairs {
  return {
    oldCodes: storeCodes(...pairs.map(([code]) => code)),
    newCodes: storeCodes(...pairs.map(([, successor]) => successor)),
  };
}

/** Successors that come with a batch, under the second store key. */
export function successorsOf(...numbers: readonly number[]): Successors {
  return { storeKeyVersion: 2, codes: storeCodes(...numbers) };
}

/** Begins a rotation, as must be possible. */
export async function begun(store: IssuanceStore, rotation: NewRotation): Promise<number> {
  const id = await store.beginRotation(rotation);
  assert.ok(id !== undefined, 'the rotation is begun');
  return id;
}

/** Moves a rotation from its first status on through the others, each of which it must reach. */
export async function go(
  store: IssuanceStore,
  id: number,
  ...[first, ...others]: readonly RotationStatus[]
): Promise<void> {
  let from = first as RotationStatus;
  for (const to of others) {
    assert.equal(await store.moveRotation(moveOf(id, from, to)), 'inserted', `the rotation is ${to}`);
    from = to;
  }
}
