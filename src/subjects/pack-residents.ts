import { type Refusal, RenkeiError } from '../errors/renkei-error.js';
import { RESIDENT_RECORD_CODE_LENGTH, writeResidentRecordCode } from './resident-record-code.js';

/** A packed batch of resident record codes and the items that were none. */
export interface PackedResidents {
  /** n × 11 ASCII digits. The row of a refused item is zero bytes, which no vault takes for a resident. */
  readonly residents: Uint8Array;
  /** The items that are no resident record codes, in order. */
  readonly refusals: readonly Refusal[];
}

/**
 * Packs resident record codes (住民票コード) given as texts. Nothing throws for a bad item: it is named by its index.
 *
 * @param texts eleven ASCII digits each
 * @throws RenkeiError `OPTION_INVALID` when they are no array
 */
export function packResidents(texts: readonly string[]): PackedResidents {
  if (!Array.isArray(texts)) throw new RenkeiError('OPTION_INVALID', 'residents must be an array of texts');
  const residents = new Uint8Array(texts.length * RESIDENT_RECORD_CODE_LENGTH);
  const refusals: Refusal[] = [];
  // Not forEach, which passes over the holes of an array.
  for (const [index, text] of texts.entries()) {
    const code = writeResidentRecordCode(text, residents, index * RESIDENT_RECORD_CODE_LENGTH);
    if (code !== undefined) refusals.push({ index, code });
  }
  return { residents, refusals };
}
