import { wipe } from '../../bytes/wipe.js';
import { codeAt, pickCodes, rowsWithout } from '../../codes/packed-codes.js';
import { throwIfAborted } from '../../errors/abort.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import type { Successors } from '../../stores/port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { deriveWithSuccessors, pickSuccessors, verifySuccessor } from '../derive-residents.js';
import { everyRow } from '../every-row.js';
import { onlineMoment } from '../issued-at.js';
import type { IssueOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { ItemCodes } from '../item-codes.js';
import type { ActiveKey } from '../key-snapshot.js';
import { makeCodes, type WantedCode } from '../make-codes.js';
import { type Operation, writing } from '../operation.js';
import { type CheckedRequest, checkRequest, type IssuanceRequest } from './issuance-request.js';
import { IssuanceResult } from './issuance-result.js';

/** Issuing for one institution with the keys in force. */
export interface Issuing extends Operation {
  readonly institution: InstitutionCode;
  /** The institution's key. */
  readonly key: ActiveKey;
}

/** Rows of a batch that the vault has served. */
interface ServedRows {
  readonly issuing: Issuing;
  /** Which rows of the batch they are, in order. */
  readonly served: readonly number[];
  /** Their codes at the store and at the institution, packed. */
  readonly storeCodes: Uint8Array;
  readonly institutionCodes: Uint8Array;
  /** Their codes under the store key that a rotation leads to. */
  readonly successors?: Successors;
}

/** A batch between the vault and the store: the residents are wiped, nothing is stored. */
export interface PreparedBatch {
  readonly acquisitionNumbers: readonly string[];
  readonly refused: Map<number, RenkeiErrorCode>;
  /** Undefined where the batch is empty: nothing was touched for it. */
  readonly rows: ServedRows | undefined;
}

/** Begins to issue: waits while a switch is near, and finds the keys. */
export function beginIssuing(
  parts: IssuerParts,
  institution: InstitutionCode,
  signal: AbortSignal | undefined,
): Promise<Issuing> {
  return writing(parts, signal, async (operation) => {
    const key = await operation.keys.active(institution, signal);
    await verifySuccessor(operation.keys, signal);
    return { ...operation, institution, key };
  });
}

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
  parts: IssuerParts,
  institution: InstitutionCode,
  numbers: readonly string[],
  { rows, residents, refused }: CheckedRequest,
  signal: AbortSignal | undefined,
): Promise<PreparedBatch> {
  const acquisitionNumbers = [...numbers];
  if (rows === 0) return { acquisitionNumbers, refused, rows: undefined };
  const issuing = await beginIssuing(parts, institution, signal);
  const derived = await deriveWithSuccessors(issuing, residents, [issuing.key.name], signal);
  for (const { index, code } of derived.refusals) if (!refused.has(index)) refused.set(index, code);
  const served = rowsWithout(rows, refused);
  return {
    acquisitionNumbers,
    refused,
    rows: {
      issuing,
      served,
      storeCodes: pickCodes(derived.storeCodes, served),
      institutionCodes: pickCodes(derived.codes[0] as Uint8Array, served),
      ...pickSuccessors(derived.successors, served),
    },
  };
}

/**
 * Takes rows out of a batch before it is stored, because those who asked have given up: nothing of them is stored then.
 */
export function withoutRows(prepared: PreparedBatch, left: ReadonlySet<number>): PreparedBatch {
  const { rows } = prepared;
  if (left.size === 0 || rows === undefined) return prepared;
  const refused = new Map(prepared.refused);
  for (const index of left) refused.set(index, 'ABORTED');
  const kept = [...rows.served.keys()].filter((k) => !left.has(rows.served[k] as number));
  return {
    ...prepared,
    refused,
    rows: {
      issuing: rows.issuing,
      served: kept.map((k) => rows.served[k] as number),
      storeCodes: pickCodes(rows.storeCodes, kept),
      institutionCodes: pickCodes(rows.institutionCodes, kept),
      ...pickSuccessors(rows.successors, kept),
    },
  };
}

/** A batch that is stored. Codes of changed resident record codes are still to be made. */
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
 * @throws RenkeiError `KEYS_CHANGED` when keys were switched or retired since the codes were derived: nothing is stored
 */
export async function storeRows(
  { acquisitionNumbers, refused, rows }: PreparedBatch,
  reissue: (index: number) => boolean,
  signal?: AbortSignal,
): Promise<StoredBatch> {
  const { length } = acquisitionNumbers;
  const alreadyIssued = new Uint8Array(length);
  const wanted: WantedCode[] = [];
  let codes = ItemCodes.none(length, rows?.issuing.key.version ?? 0);
  if (rows !== undefined && rows.served.length > 0) {
    const { issuing, served, storeCodes, institutionCodes, successors } = rows;
    const { institution, key, keys } = issuing;
    const batch = {
      institution,
      keyVersion: key.version,
      generation: keys.generation,
      issuedAt: onlineMoment(issuing.now()),
      storeCodes,
      ...(successors === undefined ? {} : { successors }),
    };
    const answer = await issuing.store.issue(batch, keys.callOptions(signal));
    const { versions, canonical } = everyRow(answer, served.length);
    if (served.length === length && canonical.size === 0 && versions.every((held) => held === 0)) {
      codes = ItemCodes.all(institutionCodes, key.version);
    } else {
      served.forEach((index, k) => {
        const isHeld = versions[k] !== 0;
        if (isHeld) alreadyIssued[index] = 1;
        if (isHeld && !reissue(index)) return;
        const own = canonical.get(k);
        if (own === undefined) codes.set(index, codeAt(institutionCodes, k));
        else wanted.push({ index, storeCode: own });
      });
    }
  }
  return { result: new IssuanceResult(acquisitionNumbers, codes, alreadyIssued, refused), codes, wanted };
}

/** The second half of a batch of one caller: one transaction, then the answer to each request. */
export async function storeBatch(
  prepared: PreparedBatch,
  { reissue, signal }: IssueOptions,
): Promise<IssuanceResult> {
  const { rows } = prepared;
  if (rows !== undefined && rows.served.length > 0) throwIfAborted(signal);
  const again = () => reissue === true;
  const { result, codes, wanted } = await storeRows(prepared, again, signal);
  if (rows !== undefined) await makeCodes(rows.issuing, rows.issuing.key, wanted, codes);
  return result;
}
