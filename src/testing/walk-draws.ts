import type { IssuanceBatch, PageRequest, StoreCallOptions } from '../stores/port.js';
import type { StoreCalls } from './model-store.js';
import { successorsOf } from './rotation-samples.js';
import { range, storeCode, storeCodes } from './samples.js';
import type { Seeded } from './seeded.js';

/** What the questions of a random walk draw alike. */

/** A question put to a store and to the model alike; what is compared is the answer made plain. */
export type Question = (target: StoreCalls) => Promise<unknown>;

/** So few that they meet all the time, and so many that a page does not hold them. */
export const PEOPLE = range(0, 14);
/** Most people of a batch: some come twice. */
export const MOST = 8;

/** The number of a person's code under the next store key. */
export const nextOf = (person: number) => person + 100;

/** Codes of people, some under the next store key. */
export function eitherCodes(draw: Seeded, numbers: readonly number[]): Uint8Array {
  return storeCodes(...numbers.map((number) => (draw.below(3) === 0 ? nextOf(number) : number)));
}

/** Codes of some people. */
export function people(draw: Seeded): Uint8Array {
  return eitherCodes(draw, draw.some(PEOPLE, MOST));
}

/** The successors of people for a batch, now and then. */
export function successorsOrNone(
  draw: Seeded,
  numbers: readonly number[],
): Pick<IssuanceBatch, 'successors'> {
  return draw.below(3) === 0 ? { successors: successorsOf(...numbers.map(nextOf)) } : {};
}

/** The epoch of the target, now and then; or the next, which is another. */
export function epochOrNone(draw: Seeded): (target: StoreCalls) => Promise<StoreCallOptions> {
  const drawn = draw.below(8);
  return async (target) => {
    if (drawn > 2) return {};
    const { epoch } = await target.outlook();
    return { epoch: drawn === 0 ? epoch + 1 : epoch };
  };
}

/** Where to read on, and how far. */
export function pageRequest(draw: Seeded): PageRequest {
  const limit = 1 + draw.below(PEOPLE.length + 2);
  return draw.below(3) === 0 ? { limit } : { limit, after: storeCode(draw.pick(PEOPLE)) };
}
