import type { IssuanceRequest } from 'renkei';
import { syntheticResidents } from '../test/support/residents.js';

/** Requests a batch: the most a store takes, as a load of a whole population would use it. */
const BATCH = 100_000;

/** Requests for synthetic residents in batches, made one at a time. */
export function* requests(seed: number, first: number, residents: number): Generator<IssuanceRequest> {
  for (let offset = 0; offset < residents; offset += BATCH) {
    const size = Math.min(BATCH, residents - offset);
    yield {
      acquisitionNumbers: Array.from({ length: size }, (_, n) => `R-${first + offset + n}`),
      residents: syntheticResidents(seed, first + offset, size),
    };
  }
}
