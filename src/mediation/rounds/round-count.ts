import type { MediationRoundEvent } from '../events.js';
import type { MediationOutcome } from '../requests/mediation-result.js';
import type { WaitingRequest } from './waiting-request.js';

/** Answers the callers of a round and counts what they are told. */
export class RoundCount {
  #forwarded = 0;
  #providerHasNoCode = 0;
  #notPermitted = 0;
  #invalidCode = 0;
  #repeated = 0;
  #failed = 0;

  answer(call: WaitingRequest, outcome: MediationOutcome): void {
    if (outcome.status === 'invalid-code') this.#invalidCode++;
    else if (outcome.status === 'refused' || outcome.isRepeated) this.#repeated++;
    else if (outcome.status === 'forwarded') this.#forwarded++;
    else if (outcome.status === 'not-permitted') this.#notPermitted++;
    else this.#providerHasNoCode++;
    call.resolve(outcome);
  }

  fail(call: WaitingRequest, error: unknown): void {
    this.#failed++;
    call.fail(error);
  }

  get event(): MediationRoundEvent {
    const counts = {
      forwarded: this.#forwarded,
      providerHasNoCode: this.#providerHasNoCode,
      notPermitted: this.#notPermitted,
      invalidCode: this.#invalidCode,
      repeated: this.#repeated,
      failed: this.#failed,
    };
    const requests = Object.values(counts).reduce((sum, value) => sum + value, 0);
    return { type: 'round', requests, ...counts };
  }
}
