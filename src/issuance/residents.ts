import { rowCount } from '../bytes/packed.js';
import { wipe } from '../bytes/wipe.js';
import { signalOption } from '../errors/abort.js';
import type { RenkeiErrorCode } from '../errors/codes.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { type PackedResidents, packResidents } from '../subjects/pack-residents.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../subjects/resident-record-code.js';
import type { IssuerParts } from './issue-batch.js';

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

/** Residents as the store knows them. */
export interface StoreCodesOfResidents {
  /** n × 24 bytes; zero bytes for a refused resident. */
  readonly storeCodes: Uint8Array;
  /** Why a resident is refused, by index. */
  readonly refused: Map<number, RenkeiErrorCode>;
}

/** The store codes of residents. Wipes the residents, the caller's packed ones too. */
export async function storeCodesOfResidents(
  { vault, generation, storeAudience }: IssuerParts,
  residents: Residents,
  signal: AbortSignal | undefined,
): Promise<StoreCodesOfResidents> {
  const { residents: packed, refusals } = packedResidents(residents);
  try {
    const refused = new Map(refusals.map(({ index, code }) => [index, code]));
    const derived = await vault.derive(packed, [storeAudience], { generation, ...signalOption(signal) });
    for (const { index, code } of derived.refusals) if (!refused.has(index)) refused.set(index, code);
    return { storeCodes: derived.codes[0] as Uint8Array, refused };
  } finally {
    wipe(packed);
  }
}
