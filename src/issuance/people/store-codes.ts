import { wipe } from '../../bytes/wipe.js';
import { signalOption } from '../../errors/abort.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import type { IssuerParts } from '../issuer-parts.js';
import { packedResidents, type Residents } from '../residents.js';

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
