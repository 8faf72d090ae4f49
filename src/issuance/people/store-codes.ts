import { wipe } from '../../bytes/wipe.js';
import { signalOption } from '../../errors/abort.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import { type DerivedResidents, deriveWithSuccessors } from '../derive-residents.js';
import type { Operation } from '../operation.js';
import { packedResidents, type Residents } from '../residents.js';

/** Residents as the store knows them. */
export interface StoreCodesOfResidents extends Pick<DerivedResidents, 'storeCodes' | 'successors'> {
  /** Why a resident is refused, by index: its row in the codes is zero bytes. */
  readonly refused: Map<number, RenkeiErrorCode>;
}

/** The store codes of residents. Wipes the residents, the caller's packed ones too. */
export function storeCodesOfResidents(
  { vault, keys }: Operation,
  residents: Residents,
  signal: AbortSignal | undefined,
): Promise<StoreCodesOfResidents> {
  return packed(residents, async (digits) => {
    const options = { generation: keys.generation, ...signalOption(signal) };
    const { codes, refusals } = await vault.derive(digits, [keys.storeKey], options);
    return { storeCodes: codes[0] as Uint8Array, codes: [], refusals };
  });
}

/** The same, with the codes under the store key that a rotation leads to. */
export function storeCodesWithSuccessors(
  operation: Operation,
  residents: Residents,
  signal: AbortSignal | undefined,
): Promise<StoreCodesOfResidents> {
  return packed(residents, (digits) => deriveWithSuccessors(operation, digits, [], signal));
}

async function packed(
  given: Residents,
  derive: (residents: Uint8Array) => Promise<DerivedResidents>,
): Promise<StoreCodesOfResidents> {
  const { residents, refusals } = packedResidents(given);
  try {
    const refused = new Map(refusals.map(({ index, code }) => [index, code]));
    const derived = await derive(residents);
    for (const { index, code } of derived.refusals) if (!refused.has(index)) refused.set(index, code);
    return { ...derived, refused };
  } finally {
    wipe(residents);
  }
}
