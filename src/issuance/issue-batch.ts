import { wipe } from '../bytes/wipe.js';
import { type Audience, institutionAudience } from '../codes/key-names.js';
import { codeAt, pickCodes, rowsWithout } from '../codes/packed-codes.js';
import { throwIfAborted } from '../errors/abort.js';
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
  const key = await keys.active(institution);
  const options = { generation, ...(signal === undefined ? {} : { signal }) };
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
    const answer = await parts.store.issue({
      institution,
      keyVersion: version,
      generation: parts.generation,
      issuedAt: parts.now(),
      storeCodes,
    });
    const held = everyRow(answer, served.length);
    if (served.length === rows && held.every((heldVersion) => heldVersion === 0)) {
      const all = ItemCodes.all(institutionCodes, version);
      return new IssuanceResult(acquisitionNumbers, all, alreadyIssued, refused);
    }
    const older = new Map<number, number>();
    served.forEach((index, k) => {
      const heldVersion = held[k] as number;
      if (heldVersion !== 0) alreadyIssued[index] = 1;
      if (heldVersion !== 0 && reissue !== true) return;
      if (heldVersion === 0 || heldVersion === version)
        codes.set(index, codeAt(institutionCodes, k), version);
      else older.set(k, heldVersion);
    });
    await fillOlder(parts, institution, older, storeCodes, (k, code, heldVersion) => {
      codes.set(served[k] as number, code, heldVersion);
    });
  }
  return new IssuanceResult(acquisitionNumbers, codes, alreadyIssued, refused);
}

/**
 * Makes, from store codes, the codes that an institution holds under another version than the active one.
 *
 * @param older key version by row of `storeCodes`, rows ascending
 * @param signal gives up between items; not to be given once a batch is stored, whose codes are then wanted
 */
export async function fillOlder(
  { vault, keys, storeAudience }: Pick<IssuerParts, 'vault' | 'keys' | 'storeAudience'>,
  institution: InstitutionCode,
  older: ReadonlyMap<number, number>,
  storeCodes: Uint8Array,
  fill: (row: number, code: Uint8Array, version: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  for (const version of new Set(older.values())) {
    const rows = [...older].filter(([, other]) => other === version).map(([k]) => k);
    const key = institutionAudience(institution, version);
    await keys.verify(key);
    const { codes, refusals } = await vault.translate(
      pickCodes(storeCodes, rows),
      storeAudience,
      [key],
      options,
    );
    if (refusals.length > 0)
      throw new RenkeiError('STORE_CORRUPT', 'a store code is not one of the store key');
    rows.forEach((k, n) => {
      fill(k, codeAt(codes[0] as Uint8Array, n), version);
    });
  }
}
