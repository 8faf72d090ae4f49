import type { IssuanceDetails } from '../../stores/port.js';
import { everyEntry } from '../every-row.js';
import type { CodesOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { reading } from '../operation.js';
import { type AnsweredCode, type CodeRefusal, CodesResult, type RefusedCode } from './codes-result.js';
import { checkCodesCall, openCodes } from './open-codes.js';
import type { PresentedKey } from './presented-key.js';

/** How a code was made and when (連携用符号管理情報). */
export interface ManagementInformation {
  /** The scheme of docs/spec.md. */
  readonly scheme: 'RK1';
  /** 連携用符号のバージョン: generation of the linkage code that the presented code carries. */
  readonly generation: number;
  /** 情報提供用個人識別符号生成方式等のバージョン: version of the institution's key that the code was presented under. */
  readonly keyVersion: number;
  /** Fingerprint of that key, 16 lower-case hex digits. */
  readonly keyFingerprint: string;
  /** 発行日時 of the person's first code at the institution, in milliseconds since 1970-01-01 UTC. */
  readonly issuedAt: number;
}

/** The management information of a code that was issued. */
export interface ManagementFound extends AnsweredCode, ManagementInformation {
  /** Tells the outcomes apart. */
  readonly status: 'found';
}

/** What became of one code whose management information was asked for. */
export type ManagementItem = ManagementFound | RefusedCode;

/** The management information of a batch of codes, in their order. Redacted in every rendering. */
export class ManagementResult extends CodesResult<ManagementFound> {
  /** @internal */
  constructor(
    length: number,
    refused: ReadonlyMap<number, CodeRefusal>,
    information: ReadonlyMap<number, ManagementInformation>,
  ) {
    super(length, refused, (index) => {
      return { index, status: 'found', ...(information.get(index) as ManagementInformation) };
    });
  }
}

/** Reads how an institution's codes were made and when. */
export async function managementInformation(
  parts: IssuerParts,
  texts: readonly string[],
  options: CodesOptions,
): Promise<ManagementResult> {
  const { length, from } = checkCodesCall('managementInformation', texts, options);
  if (length === 0) return new ManagementResult(0, new Map(), new Map());
  const { signal } = options;
  return reading(parts, signal, async (operation) => {
    const { store, keys } = operation;
    await keys.active(from, signal);
    const { refused, rows, storeCodes, presented } = await openCodes(operation, texts, from, [], signal);
    const answer = await store.details(from, storeCodes, keys.callOptions(signal));
    const information = new Map<number, ManagementInformation>();
    everyEntry(answer, rows.length).forEach((details, k) => {
      const index = rows[k] as number;
      // Deleted since the code was opened.
      if (details === undefined) refused.set(index, { error: 'CODE_NOT_ISSUED' });
      else information.set(index, aboutCode(presented[k] as PresentedKey, details));
    });
    return new ManagementResult(length, refused, information);
  });
}

function aboutCode({ generation, version, fingerprint }: PresentedKey, { issuedAt }: IssuanceDetails) {
  return { scheme: 'RK1', generation, keyVersion: version, keyFingerprint: fingerprint, issuedAt } as const;
}
