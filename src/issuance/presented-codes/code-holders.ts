import type { InstitutionCode } from '../../subjects/institution-code.js';
import { everyEntry } from '../every-row.js';
import type { CodesOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { reading } from '../operation.js';
import { type AnsweredCode, type CodeRefusal, CodesResult, type RefusedCode } from './codes-result.js';
import { checkCodesCall, openCodes } from './open-codes.js';

/** Who holds a code of the person (通知先, 命令85 40条3項). */
export interface HoldersFound extends AnsweredCode {
  /** Tells the outcomes apart. */
  readonly status: 'found';
  /** 機関コード of every institution that holds one, the asking one among them, ordered by character codes. */
  readonly institutions: readonly InstitutionCode[];
}

/** What became of one code whose holders were asked for. */
export type HoldersItem = HoldersFound | RefusedCode;

/** The holders of a batch of codes, in their order. Redacted in every rendering. */
export class HoldersResult extends CodesResult<HoldersFound> {
  /** @internal */
  constructor(
    length: number,
    refused: ReadonlyMap<number, CodeRefusal>,
    holders: ReadonlyMap<number, readonly InstitutionCode[]>,
  ) {
    super(length, refused, (index) => {
      return { index, status: 'found', institutions: holders.get(index) as readonly InstitutionCode[] };
    });
  }
}

/** Looks up which institutions hold a code of the people behind an institution's codes. */
export async function codeHolders(
  parts: IssuerParts,
  texts: readonly string[],
  options: CodesOptions,
): Promise<HoldersResult> {
  const { length, from } = checkCodesCall('holders', texts, options);
  if (length === 0) return new HoldersResult(0, new Map(), new Map());
  const { signal } = options;
  return reading(parts, signal, async (operation) => {
    const { store, keys } = operation;
    await keys.active(from, signal);
    const { refused, rows, storeCodes } = await openCodes(operation, texts, from, [], signal);
    const answer = await store.holders(storeCodes, keys.callOptions(signal));
    const holders = new Map<number, readonly InstitutionCode[]>();
    everyEntry(answer, rows.length).forEach((institutions, k) => {
      const index = rows[k] as number;
      // Deleted since the code was opened.
      if (institutions.includes(from)) holders.set(index, institutions);
      else refused.set(index, { error: 'CODE_NOT_ISSUED' });
    });
    return new HoldersResult(length, refused, holders);
  });
}
