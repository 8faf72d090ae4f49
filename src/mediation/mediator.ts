import { Redacted } from '../bytes/redacted.js';
import { throwIfAborted } from '../errors/abort.js';
import { checkOptions } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { AbortWatch } from '../lifecycle/abort-watch.js';
import { Drain } from '../lifecycle/drain.js';
import { RoundQueue } from '../lifecycle/round-queue.js';
import { MAX_BATCH_ROWS } from '../stores/calls.js';
import type { AcquisitionOutcome, AcquisitionRequest } from './acquisitions/acquisition-request.js';
import { askToAcquire } from './acquisitions/ask-to-acquire.js';
import { AnswerWork } from './answers/answer-work.js';
import { type AnswerOutcome, checkAnswer, type ProviderAnswer } from './answers/provider-answer.js';
import { WaitingAnswer } from './answers/waiting-answer.js';
import { findHolders } from './holders/find-holders.js';
import type { HoldersOutcome, HoldersRequest } from './holders/holders-request.js';
import { CALL_RULES, type MediatorCallOptions } from './mediator-options.js';
import type { MediatorParts } from './mediator-parts.js';
import { checkRequest, type MediationRequest } from './requests/mediation-request.js';
import {
  type MediationOutcome,
  MediationResult,
  type RefusedMediation,
} from './requests/mediation-result.js';
import { type PreparedRound, RequestWork } from './rounds/request-work.js';
import { WaitingRequest } from './rounds/waiting-request.js';

/**
 * Requests in one round: their calls of the vault are shared, and their records are one transaction. A larger round
 * holds the thread for longer, and all its callers wait for it; a smaller one pays for its commit with fewer requests.
 */
const MAX_ROUND_REQUESTS = 1_000;

/**
 * Mediates between inquirers and providers (媒介, 番号法21条, 令26条). Made by `openMediator`. It never sees a linkage code
 * and keeps no code of an institution. Whether the caller is the inquirer that a request names is the caller's to know.
 */
export class Mediator extends Redacted {
  readonly #parts: MediatorParts;
  readonly #maxWaiting: number;
  readonly #requests: RoundQueue<WaitingRequest, PreparedRound>;
  readonly #answers: RoundQueue<WaitingAnswer>;
  readonly #watch = new AbortWatch();
  readonly #drain = new Drain('mediator', 'MEDIATOR_CLOSED');
  #waiting = 0;

  /** @internal */
  constructor(parts: MediatorParts, maxWaiting: number) {
    super();
    this.#parts = parts;
    this.#maxWaiting = maxWaiting;
    const freed = (calls: number) => {
      this.#waiting -= calls;
    };
    this.#requests = new RoundQueue({
      work: new RequestWork(parts),
      mostWeight: MAX_ROUND_REQUESTS,
      events: { freed },
    });
    this.#answers = new RoundQueue({
      work: new AnswerWork(parts),
      mostWeight: MAX_ROUND_REQUESTS,
      events: { freed },
    });
  }

  /**
   * Serves one request. Requests that are under way at the same time share calls of the vault and transactions; each is
   * answered as if it were alone. When the promise resolves, the record of the request, or the log entry of a code that
   * was refused, is durable. After any failure the same request may be made again, and is answered with the outcome
   * on record where there is one.
   *
   * @throws RenkeiError `MEDIATOR_BUSY`, `RECORDS_OUTDATED`, `RECORD_PERIOD_UNKNOWN`, `RECORD_PERIOD_RETIRED`,
   *   `KEYS_CHANGED`, `ABORTED`, a vault error or a store error: no code has left then
   */
  mediate(request: MediationRequest, options: MediatorCallOptions = {}): Promise<MediationOutcome> {
    return this.#drain.run(() => {
      const { signal } = checked('mediate', options);
      this.#requireRoom(1);
      return this.#serve(request, signal);
    });
  }

  /**
   * Serves requests, also of several inquirers to several providers. Those that are refused are named in the result,
   * the others are served. When it fails, some may be on record all the same: the same batch may be made again.
   *
   * @param requests at most 100,000
   * @throws RenkeiError `BATCH_TOO_LARGE`, and what {@link Mediator.mediate} throws
   */
  mediateBatch(
    requests: readonly MediationRequest[],
    options: MediatorCallOptions = {},
  ): Promise<MediationResult> {
    return this.#drain.run(async () => {
      const { signal } = checked('mediateBatch', options);
      if (!Array.isArray(requests)) throw new RenkeiError('OPTION_INVALID', 'requests come as an array');
      if (requests.length > MAX_BATCH_ROWS) {
        throw new RenkeiError('BATCH_TOO_LARGE', `a batch has at most ${MAX_BATCH_ROWS} requests`);
      }
      this.#requireRoom(requests.length);
      const answers = Array.from(requests, (request) => this.#serve(request, signal));
      // All have ended before one fails the batch: what is on record by then is.
      await Promise.allSettled(answers);
      return new MediationResult(await Promise.all(answers));
    });
  }

  /**
   * Puts on record that a provider has answered a request in time (命令85 46条2項). What it has provided never passes
   * here. Again changes nothing.
   *
   * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `INSTITUTION_CODE_INVALID`, `MEDIATOR_BUSY`, `ABORTED` or a
   *   store error
   */
  answer(answer: ProviderAnswer, options: MediatorCallOptions = {}): Promise<AnswerOutcome> {
    return this.#drain.run(() => {
      const { signal } = checked('answer', options);
      const known = checkAnswer(answer);
      this.#requireRoom(1);
      const waiting = new WaitingAnswer(known, this.#parts.clock.read(), signal, this.#watch);
      this.#waiting++;
      this.#answers.add(waiting);
      return waiting.answer;
    });
  }

  /**
   * An inquirer whose request was answered with `provider-has-no-code` asks that the provider acquire a code, describing
   * the person (令26条3項). The description is handed back in the notice and is kept nowhere. Each call has an entry in the
   * log.
   *
   * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `INSTITUTION_CODE_INVALID`, `MEDIATOR_BUSY`, `ABORTED` or a
   *   store error
   */
  askToAcquire(request: AcquisitionRequest, options: MediatorCallOptions = {}): Promise<AcquisitionOutcome> {
    return this.#drain.run(() => {
      const { signal } = checked('askToAcquire', options);
      return this.#counted(() => askToAcquire(this.#parts, request, signal));
    });
  }

  /**
   * Which institutions hold a code of a person (通知先, 命令85 40条3項). Only inquirers of the affairs named at the opening
   * may ask. Each call has an entry in the log before it is answered.
   *
   * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `INSTITUTION_CODE_INVALID`, `MEDIATOR_BUSY`, `ABORTED`, a
   *   vault error or a store error
   */
  holders(request: HoldersRequest, options: MediatorCallOptions = {}): Promise<HoldersOutcome> {
    return this.#drain.run(() => {
      const { signal } = checked('holders', options);
      return this.#counted(() => findHolders(this.#parts, request, signal));
    });
  }

  /** Refuses new calls and lets the running ones end. Issuer and record file stay open. May be called twice. */
  close(): Promise<void> {
    return this.#drain.close(async () => {
      await this.#requests.idle();
      await this.#answers.idle();
    });
  }

  /** The same as {@link Mediator.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #serve(request: MediationRequest, signal: AbortSignal | undefined): Promise<MediationOutcome> {
    const known = checkedOrRefused(request);
    if ('error' in known) return known;
    const waiting = new WaitingRequest(known, this.#parts.clock.read(), signal, this.#watch);
    this.#waiting++;
    this.#requests.add(waiting);
    return waiting.answer;
  }

  /** A call that is in no round: it counts among those that wait until it has ended. */
  async #counted<T>(call: () => Promise<T>): Promise<T> {
    this.#requireRoom(1);
    this.#waiting++;
    try {
      return await call();
    } finally {
      this.#waiting--;
    }
  }

  #requireRoom(requests: number): void {
    if (this.#waiting + requests <= this.#maxWaiting) return;
    throw new RenkeiError('MEDIATOR_BUSY', `${this.#waiting} requests wait already`);
  }
}

function checked(call: string, options: MediatorCallOptions): MediatorCallOptions {
  checkOptions(call, options, CALL_RULES);
  throwIfAborted(options.signal);
  return options;
}

function checkedOrRefused(request: MediationRequest): ReturnType<typeof checkRequest> | RefusedMediation {
  try {
    return checkRequest(request);
  } catch (error) {
    if (!(error instanceof RenkeiError)) throw error;
    return { index: 0, status: 'refused', error: error.code };
  }
}
