import { codeAt, packCodes } from '../codes/packed-codes.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { ItemCodes } from './item-codes.js';
import type { ActiveKey } from './key-snapshot.js';
import type { Operation } from './operation.js';

/** A code to be made from a person's store code. */
export interface WantedCode {
  /** Which item it is for. */
  readonly index: number;
  /** 24 bytes, under the active store key. */
  readonly storeCode: Uint8Array;
}

/**
 * Makes codes under an institution's active key from store codes: of people whose resident record code was changed.
 *
 * @param codes where they are put
 * @param signal gives up between items; not to be given once a batch is stored, whose codes are then wanted
 * @throws RenkeiError `STORE_CORRUPT` when a store code is not one of the store key, and what the vault meets
 */
export async function makeCodes(
  operation: Operation,
  key: ActiveKey,
  wanted: readonly WantedCode[],
  codes: ItemCodes,
  signal?: AbortSignal,
): Promise<void> {
  const corrupt = await makeGenuineCodes(operation, key, wanted, codes, signal);
  if (corrupt.size > 0) throw notOfTheStoreKey();
}

/** The same; gives the items whose store code is not one of the store key instead of throwing. */
export async function makeGenuineCodes(
  { vault, keys }: Operation,
  key: ActiveKey,
  wanted: readonly WantedCode[],
  codes: ItemCodes,
  signal?: AbortSignal,
): Promise<ReadonlySet<number>> {
  const corrupt = new Set<number>();
  if (wanted.length === 0) return corrupt;
  const storeCodes = packCodes(wanted.map(({ storeCode }) => storeCode));
  const made = await vault.translate(storeCodes, keys.storeKey, [key.name], signalOption(signal));
  const refused = new Set(made.refusals.map(({ index }) => index));
  wanted.forEach(({ index }, n) => {
    if (refused.has(n)) corrupt.add(index);
    else codes.set(index, codeAt(made.codes[0] as Uint8Array, n));
  });
  return corrupt;
}

/** What a store code is that no code can be made of. */
export function notOfTheStoreKey(): RenkeiError {
  return new RenkeiError('STORE_CORRUPT', 'a store code is not one of the store key');
}
