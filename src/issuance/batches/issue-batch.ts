import { wipe } from '../../bytes/wipe.js';
import { codeAt, pickCodes, rowsWithout } from '../../codes/packed-codes.js';
import { signalOption, throwIfAborted } from '../../errors/abort.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { everyRow } from '../every-row.js';
import { onlineMoment } from '../issued-at.js';
import type { IssueOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { ItemCodes } from '../item-codes.js';
import { makeCodes, type WantedCode } from '../make-codes.js';
import { type CheckedRequest, checkRequest, type IssuanceRequest } from './issuance-request.js';
import { IssuanceResult } from './issuance-result.js';

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

/** Derives the codes of a checked batch. The residents stay the caller's to wipe. */
export async function deriveBatch(
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

/**
 * Takes rows out of a batch before it is stored, because those who asked have given up: nothing of them is stored then.
 */
export function withoutRows(prepared: PreparedBatch, left: ReadonlySet<number>): PreparedBatch {
  if (left.size === 0) return prepared;
  const refused = new Map(prepared.refused);
  for (const index of left) refused.set(index, 'ABORTED');
  const kept = [...prepared.served.keys()].filter((k) => !left.has(prepared.served[k] as number));
  return {
    ...prepared,
    refused,
    served: kept.map((k) => prepared.served[k] as number),
    storeCodes: pickCodes(prepared.storeCodes, kept),
    institutionCodes: pickCodes(prepared.institutionCodes, kept),
  };
}

/** A batch that is stored. Codes under another key, or of a changed resident record code, are still to be made. */
export interface StoredBatch {
  /** Complete once the wanted codes are put into `codes`. */
  readonly result: IssuanceResult;
  readonly codes: ItemCodes;
  readonly wanted: readonly WantedCode[];
}

/**
 * Second half: one transaction.
 *
 * @param reissue says whether an item wants its code again where the institution has it already
 * @param signal gives up before the rows are stored
 */
export async function storeRows(
  parts: IssuerParts,
  institution: InstitutionCode,
  prepared: PreparedBatch,
  reissue: (index: number) => boolean,
  signal?: AbortSignal,
): Promise<StoredBatch> {
  const { acquisitionNumbers, refused, served, storeCodes, institutionCodes, version } = prepared;
  const rows = acquisitionNumbers.length;
  const alreadyIssued = new Uint8Array(rows);
  const wanted: WantedCode[] = [];
  let codes = ItemCodes.none(rows);
  if (served.length > 0) {
    const batch = {
      institution,
      keyVersion: version,
      generation: parts.generation,
      issuedAt: onlineMoment(parts.now()),
      storeCodes,
    };
    const answer = await parts.store.issue(batch, signalOption(signal));
    const { versions, canonical } = everyRow(answer, served.length);
    if (served.length === rows && canonical.size === 0 && versions.every((held) => held === 0)) {
      codes = ItemCodes.all(institutionCodes, version);
    } else {
      served.forEach((index, k) => {
        const held = versions[k] as number;
        if (held !== 0) alreadyIssued[index] = 1;
        if (held !== 0 && !reissue(index)) return;
        const own = canonical.get(k);
        if (own === undefined && (held === 0 || held === version)) {
          codes.set(index, codeAt(institutionCodes, k), version);
        } else {
          wanted.push({
            index,
            storeCode: own ?? codeAt(storeCodes, k),
            version: held === 0 ? version : held,
          });
        }
      });
    }
  }
  return { result: new IssuanceResult(acquisitionNumbers, codes, alreadyIssued, refused), codes, wanted };
}

/** The second half of a batch of one caller: one transaction, then the answer to each request. */
export async function storeBatch(
  parts: IssuerParts,
  institution: InstitutionCode,
  prepared: PreparedBatch,
  { reissue, signal }: IssueOptions,
): Promise<IssuanceResult> {
  if (prepared.served.length > 0) throwIfAborted(signal);
  const again = () => reissue === true;
  const { result, codes, wanted } = await storeRows(parts, institution, prepared, again, signal);
  await makeCodes(parts, institution, wanted, codes);
  return result;
}
