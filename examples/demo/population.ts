import { fiscalYear } from 'renkei';
import { syntheticResidents } from '../../test/support/residents.js';

/** The institutions of the demo. */
export const INSTITUTIONS = [
  { code: '0220113112101700', name: '情報照会者 A' },
  { code: '0110100000000100', name: '情報提供者 B' },
  { code: '0330271001001900', name: '情報提供者 C' },
] as const;
/** The record period of the demo. */
export const PERIOD = fiscalYear(new Date());
/** マイナポータル (情報提供等記録開示システム) of the demo. */
export const DISCLOSURE_SYSTEM = '0990000000000100';

const SEED = 20_261_120;

/** Resident record codes from the n-th resident on: 11 digits each. */
export function residentsFrom(first: number, size: number): Uint8Array {
  return syntheticResidents(SEED, first, size);
}

/** Reads the population as packed batches; nothing but the batch at hand is in memory. */
export function* population(residents: number, prefix: string, batch: number) {
  for (let first = 0; first < residents; first += batch) {
    const size = Math.min(batch, residents - first);
    yield {
      acquisitionNumbers: Array.from({ length: size }, (_, n) => `${prefix}-${first + n}`),
      residents: residentsFrom(first, size),
    };
  }
}
