import { allocateOffHeap } from '../bytes/allocate.js';
import { wipe } from '../bytes/wipe.js';
import { type Audience, linkKey, storeAudience } from '../codes/key-names.js';
import { pickCodes } from '../codes/packed-codes.js';
import { signalOption } from '../errors/abort.js';
import { type Refusal, RenkeiError } from '../errors/renkei-error.js';
import type { Successors } from '../stores/port.js';
import type { KeysInForce } from './keys-in-force.js';
import type { Operation } from './operation.js';

/** Codes of residents under the keys in force. */
export interface DerivedResidents {
  /** n × 24 bytes: the store codes. */
  readonly storeCodes: Uint8Array;
  /** n × 24 bytes for each further audience. */
  readonly codes: readonly Uint8Array[];
  /** The store codes under the key that a rotation leads to, where one does. */
  readonly successors?: Successors;
  readonly refusals: readonly Refusal[];
}

/**
 * Makes sure that the keys which a rotation leads to are the vault's. To be called before codes are derived: without
 * them the rotation could not be switched, and is better aborted now.
 *
 * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH`, `KEYS_CHANGED` or a vault error
 */
export async function verifySuccessor(keys: KeysInForce, signal: AbortSignal | undefined): Promise<void> {
  const { successor } = keys;
  if (successor === undefined) return;
  await keys.verify(storeAudience(successor.storeKeyVersion), signal);
  await keys.verify(linkKey(successor.generation), signal);
}

/**
 * Derives the codes of residents, under the store key that a rotation leads to as well. **Wipes `residents` before it
 * settles, however it ends.**
 *
 * @param residents n × 11 ASCII digits
 * @param audiences whose codes are wanted besides the store's
 */
export async function deriveWithSuccessors(
  { vault, keys }: Operation,
  residents: Uint8Array,
  audiences: readonly Audience[],
  signal: AbortSignal | undefined,
): Promise<DerivedResidents> {
  const { generation, storeKey, successor } = keys;
  const options = { generation, ...signalOption(signal) };
  if (successor === undefined) {
    const { codes, refusals } = await vault.derive(residents, [storeKey, ...audiences], options);
    return { storeCodes: codes[0] as Uint8Array, codes: codes.slice(1), refusals };
  }
  const { storeKeyVersion } = successor;
  const next = storeAudience(storeKeyVersion);
  if (successor.generation === generation) {
    const { codes, refusals } = await vault.derive(residents, [storeKey, next, ...audiences], options);
    const [storeCodes, nextCodes] = codes as [Uint8Array, Uint8Array];
    return { storeCodes, codes: codes.slice(2), successors: { storeKeyVersion, codes: nextCodes }, refusals };
  }
  const again = allocateOffHeap(residents.length);
  try {
    again.set(residents);
    const { codes, refusals } = await vault.derive(residents, [storeKey, ...audiences], options);
    const later = await vault.derive(again, [next], { ...options, generation: successor.generation });
    requireSameRefusals(refusals, later.refusals);
    const successors = { storeKeyVersion, codes: later.codes[0] as Uint8Array };
    return { storeCodes: codes[0] as Uint8Array, codes: codes.slice(1), successors, refusals };
  } finally {
    wipe(again, residents);
  }
}

/** The chosen rows of successors, as `pickCodes`. */
export function pickSuccessors(
  successors: Successors | undefined,
  rows: readonly number[],
): { readonly successors?: Successors } {
  if (successors === undefined) return {};
  return { successors: { ...successors, codes: pickCodes(successors.codes, rows) } };
}

/** A row that one generation has and the other has not would get zero bytes for a store code. */
export function requireSameRefusals(some: readonly Refusal[], others: readonly Refusal[]): void {
  const rows = (refusals: readonly Refusal[]) => refusals.map(({ index }) => index).join();
  if (rows(some) === rows(others)) return;
  throw new RenkeiError('MODULE_REFUSED', 'the vault has refused other residents for the next generation');
}
