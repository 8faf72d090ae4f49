import { fiscalYear } from '../../codes/record-period.js';
import type { AbortWatch } from '../../lifecycle/abort-watch.js';
import { WaitingCall } from '../../lifecycle/waiting-call.js';
import type { CheckedRequest } from '../requests/mediation-request.js';
import type { MediationOutcome } from '../requests/mediation-result.js';

/** One request from the moment at which it came to its outcome. */
export class WaitingRequest extends WaitingCall<MediationOutcome> {
  readonly request: CheckedRequest;
  /** 提供の求めの日時, in milliseconds since 1970-01-01 UTC. */
  readonly requestedAt: number;
  /** The record period of that moment. */
  readonly period: string;

  constructor(
    request: CheckedRequest,
    requestedAt: number,
    signal: AbortSignal | undefined,
    watch: AbortWatch,
  ) {
    super(signal, watch);
    this.request = request;
    this.requestedAt = requestedAt;
    this.period = fiscalYear(new Date(requestedAt));
  }
}
