import type { AbortWatch } from '../../lifecycle/abort-watch.js';
import { WaitingCall } from '../../lifecycle/waiting-call.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { AnswerOutcome } from './provider-answer.js';

/** One provider's answer, from the moment at which it came until it is on record. */
export class WaitingAnswer extends WaitingCall<AnswerOutcome> {
  /** 処理通番. */
  readonly serial: number;
  readonly provider: InstitutionCode;
  /** When it came, in milliseconds since 1970-01-01 UTC. */
  readonly at: number;

  constructor(
    { serial, provider }: Pick<WaitingAnswer, 'serial' | 'provider'>,
    at: number,
    signal: AbortSignal | undefined,
    watch: AbortWatch,
  ) {
    super(signal, watch);
    this.serial = serial;
    this.provider = provider;
    this.at = at;
  }
}
