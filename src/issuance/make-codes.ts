import { type Audience, institutionAudience } from '../codes/key-names.js';
import { codeAt, packCodes } from '../codes/packed-codes.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import type { Vault } from '../vault/port.js';
import type { ItemCodes } from './item-codes.js';
import type { KeyRegistry } from './key-registry.js';

/** A code to be made from a person's store code. */
export interface WantedCode {
  /** Which item it is for. */
  readonly index: number;
  readonly storeCode: Uint8Array;
  /** Version of the institution's key. */
  readonly version: number;
}

/** What codes are made with. */
interface CodeMakers {
  readonly vault: Vault;
  readonly keys: KeyRegistry;
  readonly storeAudience: Audience;
}

/**
 * Makes codes from store codes: those that an institution holds under another version than the active one, and those
 * of people whose resident record code was changed.
 *
 * @param codes where they are put
 * @param signal gives up between items; not to be given once a batch is stored, whose codes are then wanted
 */
export async function makeCodes(
  parts: CodeMakers,
  institution: InstitutionCode,
  wanted: readonly WantedCode[],
  codes: ItemCodes,
  signal?: AbortSignal,
): Promise<void> {
  for (const [version, group] of byVersion(wanted)) {
    const corrupt = await makeVersion(parts, institution, version, group, codes, signal);
    if (corrupt.size > 0) throw notOfTheStoreKey();
  }
}

/** Wanted codes by the version of the key they are made under. */
export function byVersion(wanted: readonly WantedCode[]): Map<number, WantedCode[]> {
  const groups = new Map<number, WantedCode[]>();
  for (const code of wanted) {
    const group = groups.get(code.version);
    if (group === undefined) groups.set(code.version, [code]);
    else group.push(code);
  }
  return groups;
}

/** Makes wanted codes of one version; gives the items whose store code is not one of the store key. */
export async function makeVersion(
  { vault, keys, storeAudience }: CodeMakers,
  institution: InstitutionCode,
  version: number,
  group: readonly WantedCode[],
  codes: ItemCodes,
  signal?: AbortSignal,
): Promise<ReadonlySet<number>> {
  const key = institutionAudience(institution, version);
  await keys.verify(key, signal);
  const storeCodes = packCodes(group.map(({ storeCode }) => storeCode));
  const made = await vault.translate(storeCodes, storeAudience, [key], signalOption(signal));
  const refused = new Set(made.refusals.map(({ index }) => index));
  const corrupt = new Set<number>();
  group.forEach(({ index }, n) => {
    if (refused.has(n)) corrupt.add(index);
    else codes.set(index, codeAt(made.codes[0] as Uint8Array, n), version);
  });
  return corrupt;
}

/** What a store code is that no code can be made of. */
export function notOfTheStoreKey(): RenkeiError {
  return new RenkeiError('STORE_CORRUPT', 'a store code is not one of the store key');
}
