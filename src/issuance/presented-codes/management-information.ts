import { institutionAudience } from '../../codes/key-names.js';
import { signalOption } from '../../errors/abort.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import { everyEntry } from '../every-row.js';
import type { CodesOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { type AnsweredCode, CodesResult, type RefusedCode } from './codes-result.js';
import { openPersons } from './open-codes.js';

/** How a code was made and when (連携用符号管理情報). */
export interface ManagementInformation {
  /** The scheme of docs/spec.md. */
  readonly scheme: 'RK1';
  /** 連携用符号のバージョン: generation of the person's linkage code. */
  readonly generation: number;
  /** 情報提供用個人識別符号生成方式等のバージョン: version of the institution's key. */
  readonly keyVersion: number;
  /** Fingerprint of that key, 16 lower-case hex digits. */
  readonly keyFingerprint: string;
  /** 発行日時, in milliseconds since 1970-01-01 UTC. */
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
    refused: ReadonlyMap<number, RenkeiErrorCode>,
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
  const { length, from, opened } = await openPersons('managementInformation', parts, texts, options);
  const answer = await parts.store.details(from, opened.storeCodes, signalOption(options.signal));
  const information = new Map<number, ManagementInformation>();
  for (const [k, details] of everyEntry(answer, opened.rows.length).entries()) {
    const index = opened.rows[k] as number;
    if (details === undefined) {
      // Deleted since the code was opened.
      opened.refused.set(index, 'CODE_NOT_ISSUED');
      continue;
    }
    const key = institutionAudience(from, details.keyVersion);
    const keyFingerprint = await parts.keys.fingerprint(key, options.signal);
    information.set(index, { scheme: 'RK1', ...details, keyFingerprint });
  }
  return new ManagementResult(length, opened.refused, information);
}
