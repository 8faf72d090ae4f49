import { rowCount } from '../bytes/packed.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { type PackedResidents, packResidents } from '../subjects/pack-residents.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../subjects/resident-record-code.js';

/**
 * 住民票コード of a batch: n × 11 ASCII digits, **wiped before the call settles, however it ends**; or texts, which
 * JavaScript cannot wipe.
 */
export type Residents = Uint8Array | readonly string[];

/**
 * The number of residents, before anything is packed.
 *
 * @throws RenkeiError `BUFFER_LENGTH` or `OPTION_INVALID`
 */
export function countResidents(residents: Residents): number {
  if (residents instanceof Uint8Array) return rowCount(residents, RESIDENT_RECORD_CODE_LENGTH, 'residents');
  if (Array.isArray(residents)) return residents.length;
  throw new RenkeiError('OPTION_INVALID', 'residents must be a Uint8Array or an array of texts');
}

/** Residents as the vault takes them: packed ones are the caller's own buffer, texts a copy to be wiped. */
export function packedResidents(residents: Residents): PackedResidents {
  return residents instanceof Uint8Array ? { residents, refusals: [] } : packResidents(residents);
}
