import { pickCodes } from '../codes/packed-codes.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { notOfTheStoreKey } from '../issuance/make-codes.js';
import type { KnownSuccessors } from '../stores/rotation-port.js';
import type { RotationContext } from './context.js';
import type { StoredPlan } from './stored-plan.js';

/**
 * Makes the successors of store codes and puts them on record: the same linkage codes under the new store key, or those
 * of the next generation.
 *
 * @throws RenkeiError `STORE_CORRUPT`, `ENGINE_REFUSED`, a vault or store error
 */
export async function succeed(
  { vault, store }: RotationContext,
  plan: StoredPlan,
  oldCodes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { from, to } = plan.store;
  if (to === undefined || oldCodes.length === 0) return;
  const options = signalOption(signal);
  const made =
    plan.link === undefined
      ? await vault.translate(oldCodes, from, [to], options)
      : await vault.advance(oldCodes, from, plan.generation, [to], options);
  if (made.refusals.length > 0) throw notOfTheStoreKey();
  const outcomes = await store.succeed({ oldCodes, newCodes: made.codes[0] as Uint8Array }, options);
  if (outcomes.includes('conflict')) {
    throw new RenkeiError('STORE_CORRUPT', 'a person has another successor on record than the one now made');
  }
}

/**
 * Successors on record; makes those that are missing, of people who were written since, where no list is to bring them.
 * What is missing after that is of people who are not there any more, or another name of somebody who is in the list
 * under one.
 *
 * @throws RenkeiError as {@link succeed}; `ROTATION_INCOMPLETE` while a list is to bring more
 */
export async function successorsOf(
  context: RotationContext,
  plan: StoredPlan,
  oldCodes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<KnownSuccessors> {
  const { store } = context;
  const options = signalOption(signal);
  const known = await store.successors(oldCodes, options);
  if (known.missing.length === 0) return known;
  if (plan.source === 'list') {
    // The list may have brought the successor of another name of the person.
    await store.lendSuccessors(options);
    if ((await store.withoutSuccessor({ limit: 1, ...options })).length > 0) throw notListed();
  } else await succeed(context, plan, pickCodes(oldCodes, known.missing), signal);
  return store.successors(oldCodes, options);
}

function notListed(): RenkeiError {
  return new RenkeiError(
    'ROTATION_INCOMPLETE',
    'people were written who are not in the list: deliver one that has them, too',
  );
}
