import type { Audience } from '../codes/key-names.js';
import { pickCodes, rowsWithout } from '../codes/packed-codes.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption } from '../errors/abort.js';
import { notOfTheStoreKey } from '../issuance/make-codes.js';
import type { RotationContext } from './context.js';
import type { CodePairs } from './part-file.js';
import type { PlannedDelivery, StoredPlan } from './stored-plan.js';
import { successorsOf } from './successions.js';

/** A part of a rotation's work, at hand. */
export interface PairRequest {
  readonly plan: StoredPlan;
  readonly delivery: Pick<PlannedDelivery, 'from' | 'to'>;
  /** n × 24 bytes, under the store key that rows are under. */
  readonly storeCodes: Uint8Array;
}

/**
 * The codes that people have at an audience, and those that take their place. People who are removed meanwhile drop
 * out.
 *
 * @throws RenkeiError `STORE_CORRUPT`, `ROTATION_INCOMPLETE`, a vault or store error
 */
export async function makePairs(
  context: RotationContext,
  { plan, delivery, storeCodes }: PairRequest,
  signal: AbortSignal | undefined,
): Promise<CodePairs> {
  const { from, to } = delivery;
  if (plan.store.to === undefined) {
    const [oldCodes, newCodes] = await translateAll(context, storeCodes, plan.store.from, [from, to], signal);
    return { oldCodes, newCodes } as CodePairs;
  }
  const { newCodes: successors, missing } = await successorsOf(context, plan, storeCodes, signal);
  const kept = rowsWithout(storeCodes.length / CODE_LENGTH, new Set(missing));
  const [[oldCodes], [newCodes]] = await Promise.all([
    translateAll(context, pickCodes(storeCodes, kept), plan.store.from, [from], signal),
    translateAll(context, pickCodes(successors, kept), plan.store.to, [to], signal),
  ]);
  return { oldCodes, newCodes } as CodePairs;
}

/**
 * Codes of the same people at other audiences, each of them.
 *
 * @throws RenkeiError `STORE_CORRUPT` when one does not unwrap; a vault error
 */
export async function translateAll(
  { vault }: Pick<RotationContext, 'vault'>,
  codes: Uint8Array,
  from: Audience,
  to: readonly Audience[],
  signal: AbortSignal | undefined,
): Promise<readonly Uint8Array[]> {
  const made = await vault.translate(codes, from, to, signalOption(signal));
  if (made.refusals.length > 0) throw notOfTheStoreKey();
  return made.codes;
}
