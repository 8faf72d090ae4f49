import type { RenkeiErrorCode } from '../../errors/codes.js';
import { BatchResult } from '../../issuance/batch-result.js';
import type { CodeRefusal } from '../../issuance/presented-codes/codes-result.js';
import type { RefusalReason } from '../permissions/decision.js';
import type { ProviderNotice } from './provider-notice.js';

/** What every answer to a request says. */
export interface AnsweredRequest {
  /** The request's place in the batch, counted from 0. */
  readonly index: number;
}

/** What is said of a request that is on record. */
export interface RecordedRequest extends AnsweredRequest {
  /** 処理通番. */
  readonly serial: number;
  /** True when it was on record before: the same request came again. */
  readonly isRepeated: boolean;
}

/** The provider is to be notified (令26条1項). */
export interface ForwardedRequest extends RecordedRequest {
  /** Tells the outcomes apart. */
  readonly status: 'forwarded';
  /** 処理通番の枝番. */
  readonly branch: number;
  /** 有効期間: the last moment at which the provider may answer, in milliseconds since 1970-01-01 UTC. */
  readonly validUntil: number;
  /** For the provider: its code of the person is in it. */
  readonly notice: ProviderNotice;
}

/** The provider holds no code of the person (令26条2項). The inquirer may ask it to acquire one (同条3項). */
export interface ProviderWithoutCode extends RecordedRequest {
  /** Tells the outcomes apart. */
  readonly status: 'provider-has-no-code';
}

/** The request is refused (令26条4項, 番号法21条2項). No code of the provider was computed. */
export interface UnpermittedRequest extends RecordedRequest {
  /** Tells the outcomes apart. */
  readonly status: 'not-permitted';
  /** Why. */
  readonly reason: RefusalReason;
}

/**
 * The inquirer's code is malformed, forged, of another institution, of an unknown or retired version, or was never
 * issued: it leads to nobody, so there is nobody to keep a record of. The operation log has an entry of it.
 */
export interface InvalidCode extends AnsweredRequest, CodeRefusal {
  /** Tells the outcomes apart. */
  readonly status: 'invalid-code';
}

/**
 * The request is malformed, or the inquirer has used its name for a request with another content
 * (`REQUEST_CONFLICT`). Nothing was written.
 */
export interface RefusedMediation extends AnsweredRequest {
  /** Tells the outcomes apart. */
  readonly status: 'refused';
  /** Why. */
  readonly error: RenkeiErrorCode;
}

/** What became of a request. */
export type MediationOutcome =
  | ForwardedRequest
  | ProviderWithoutCode
  | UnpermittedRequest
  | InvalidCode
  | RefusedMediation;

/** What became of a batch of requests, in their order. Redacted in every rendering. */
export class MediationResult extends BatchResult<MediationOutcome> {
  /** @internal */
  constructor(outcomes: readonly MediationOutcome[]) {
    super(outcomes.length, (index) => ({ ...(outcomes[index] as MediationOutcome), index }));
  }
}
