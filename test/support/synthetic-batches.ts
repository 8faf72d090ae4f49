import type { IssuanceRequest } from 'renkei';
import { syntheticResidents } from './residents.js';

/** Which batches: the same plan gives the same residents. */
export interface BatchPlan {
  readonly seed: number;
  readonly batches: number;
  readonly size: number;
}

/** Acquisition numbers of `count` requests, no two alike whatever the batch. */
export function acquisitionNumbers(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, n) => `A-${first + n}`);
}

/** Requests for synthetic residents, packed: no text ever holds a resident record code. */
export function* syntheticBatches({ seed, batches, size }: BatchPlan): Generator<IssuanceRequest, undefined> {
  for (let first = 0; first < batches * size; first += size) {
    yield {
      acquisitionNumbers: acquisitionNumbers(size, first),
      residents: syntheticResidents(seed, first, size),
    };
  }
  return undefined;
}
