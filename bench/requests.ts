import type { IssuanceRequest } from 'renkei';
import { syntheticResidents } from '../test/support/residents.js';

/** Requests a batch: the most a store takes, as a load of a whole population would use it. */
const BATCH = 100_000;

/** Requests for synthetic residents in batches, made one at a time. */
export function* requests(seed: number, first: number, residents: number): Generator<IssuanceRequest> {
  for (let offset = 0; offset < residents; offset += BATCH) {
    const size = Math.min(BATCH, residents - offset);
    const acquisitionNumbers = new Array<string>(size);
    for (let n = 0; n < size; n++) acquisitionNumbers[n] = `R-${first + offset + n}`;
    yield { acquisitionNumbers, residents: syntheticResidents(seed, first + offset, size) };
  }
}
