import { wipe } from '../bytes/wipe.js';
import { type Audience, institutionAudience } from '../codes/key-names.js';
import { codeAt, packCodes, pickCodes, rowsWithout } from '../codes/packed-codes.js';
import { signalOption, throwIfAborted } from '../errors/abort.js';
import type { RenkeiErrorCode } from '../errors/codes.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { IssuanceStore } from '../stores/port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import type { Vault } from '../vault/port.js';
import { everyRow } from './every-row.js';
import { type CheckedRequest, checkRequest, type IssuanceRequest } from './issuance-request.js';
import { IssuanceResult } from './issuance-result.js';
import type { IssueOptions } from './issuer-options.js';
import { ItemCodes } from './item-codes.js';
import type { KeyRegistry } from './key-registry.js';

/** What issuing and translating work with. */
export interface IssuerParts {
  readonly vault: Vault;
  readonly store: IssuanceStore;
  readonly keys: KeyRegistry;
  readonly generation: number;
  readonly storeAudience: Audience;
  readonly now: () => number;
}

/** A batch between the vault and the store: the residents are wiped, nothing is stored. */
export interface PreparedBatch {
  readonly acquisitionNumbers: readonly string[];
  readonly refused: Map<number, RenkeiErrorCode>;
  /** Rows that are not refused, in order. */
  readonly served: readonly number[];
  /** Their codes at the store and at the institution, packed. */
  readonly storeCodes: Uint8Array;
  readonly institutionCodes: Uint8Array;
  /** Version of the institution's key. */
  readonly version: number;
}

const NO_CODES = new Uint8Array(0);

/** First half of issuing: check the requests, derive the codes. */
export async function prepareBatch(
  parts: IssuerParts,
  institution: InstitutionCode,
  request: IssuanceRequest,
  signal: AbortSignal | undefined,
): Promise<PreparedBatch> {
  const checked = checkRequest(request);
  try {
    return await deriveBatch(parts, institution, request.acquisitionNumbers, checked, signal);
  } finally {
    wipe(checked.residents);
  }
}

async function deriveBatch(
  { vault, keys, generation, storeAudience }: IssuerParts,
  institution: InstitutionCode,
  numbers: readonly string[],
  { rows, residents, refused }: CheckedRequest,
  signal: AbortSignal | undefined,
): Promise<PreparedBatch> {
  const acquisitionNumbers = [...numbers];
  if (rows === 0) {
    return {
      acquisitionNumbers,
      refused,
      served: [],
      storeCodes: NO_CODES,
      institutionCodes: NO_CODES,
      version: 0,
    };
  }
  const key = await keys.active(institution, signal);
  const options = { generation, ...signalOption(signal) };
  const { codes, refusals } = await vault.derive(residents, [storeAudience, key.name], options);
  for (const { index, code } of refusals) if (!refused.has(index)) refused.set(index, code);
  const served = rowsWithout(rows, refused);
  return {
    acquisitionNumbers,
    refused,
    served,
    storeCodes: pickCodes(codes[0] as Uint8Array, served),
    institutionCodes: pickCodes(codes[1] as Uint8Array, served),
    version: key.version,
  };
}

/** Second half: one transaction, then the answer to each request. */
export async function storeBatch(
  parts: IssuerParts,
  institution: InstitutionCode,
  prepared: PreparedBatch,
  { reissue, signal }: IssueOptions,
): Promise<IssuanceResult> {
  const { acquisitionNumbers, refused, served, storeCodes, institutionCodes, version } = prepared;
  const rows = acquisitionNumbers.length;
  const alreadyIssued = new Uint8Array(rows);
  const codes = ItemCodes.none(rows);
  if (served.length > 0) {
    throwIfAborted(signal);
    const batch = {
      institution,
      keyVersion: version,
      generation: parts.generation,
      issuedAt: parts.now(),
      storeCodes,
    };
    const answer = await parts.store.issue(batch, signalOption(signal));
    const { versions, canonical } = everyRow(answer, served.length);
    if (served.length === rows && canonical.size === 0 && versions.every((held) => held === 0)) {
      const all = ItemCodes.all(institutionCodes, version);
      return new IssuanceResult(acquisitionNumbers, all, alreadyIssued, refused);
    }
    const others: WantedCode[] = [];
    served.forEach((index, k) => {
      const held = versions[k] as number;
      if (held !== 0) alreadyIssued[index] = 1;
      if (held !== 0 && reissue !== true) return;
      const own = canonical.get(k);
      if (own === undefined && (held === 0 || held === version)) {
        codes.set(index, codeAt(institutionCodes, k), version);
      } else {
        others.push({ index, storeCode: own ?? codeAt(storeCodes, k), version: held === 0 ? version : held });
      }
    });
    await makeCodes(parts, institution, others, codes);
  }
  return new IssuanceResult(acquisitionNumbers, codes, alreadyIssued, refused);
}

/** A code to be made from a person's store code. */
export interface WantedCode {
  /** Which item it is for. */
  readonly index: number;
  readonly storeCode: Uint8Array;
  /** Version of the institution's key. */
  readonly version: number;
}

/**
 * Makes codes from store codes: those that an institution holds under another version than the active one, and those
 * of people whose resident record code was changed.
 *
 * @param codes where they are put
 * @param signal gives up between items; not to be given once a batch is stored, whose codes are then wanted
 */
export async function makeCodes(
  { vault, keys, storeAudience }: Pick<IssuerParts, 'vault' | 'keys' | 'storeAudience'>,
  institution: InstitutionCode,
  wanted: readonly WantedCode[],
  codes: ItemCodes,
  signal?: AbortSignal,
): Promise<void> {
  const options = signalOption(signal);
  for (const version of new Set(wanted.map((code) => code.version))) {
    const group = wanted.filter((code) => code.version === version);
    const key = institutionAudience(institution, version);
    await keys.verify(key, signal);
    const storeCodes = packCodes(group.map(({ storeCode }) => storeCode));
    const made = await vault.translate(storeCodes, storeAudience, [key], options);
    if (made.refusals.length > 0)
      throw new RenkeiError('STORE_CORRUPT', 'a store code is not one of the store key');
    group.forEach(({ index }, n) => {
      codes.set(index, codeAt(made.codes[0] as Uint8Array, n), version);
    });
  }
}
