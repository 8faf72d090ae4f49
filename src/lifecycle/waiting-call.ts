import { Redacted } from '../bytes/redacted.js';
import { abortedError } from '../errors/abort.js';
import type { AbortWatch } from './abort-watch.js';

/** One caller's call that is served in a round with others', from its beginning to its answer. */
export class WaitingCall<Answer> extends Redacted {
  /** What the caller awaits. */
  readonly answer: Promise<Answer>;
  readonly #signal: AbortSignal | undefined;
  readonly #watch: AbortWatch;
  readonly #onAbort: () => void;
  #whenLeft: () => void = () => undefined;
  #resolve!: (answer: Answer) => void;
  #reject!: (error: unknown) => void;
  #isOpen = true;

  /** @param signal gives up until {@link WaitingCall.commit}; not aborted yet */
  constructor(signal: AbortSignal | undefined, watch: AbortWatch) {
    super();
    this.#signal = signal;
    this.#watch = watch;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#onAbort = () => {
      this.fail(abortedError());
      this.#whenLeft();
    };
    if (signal !== undefined) watch.add(signal, this.#onAbort);
  }

  /** False once the caller has an answer, or has given up. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Says what to do when the caller gives up, in place of what was said before. */
  whenLeft(action: () => void): void {
    this.#whenLeft = action;
  }

  /** From now on it is too late to give up. */
  commit(): void {
    if (this.#signal !== undefined) this.#watch.remove(this.#signal, this.#onAbort);
  }

  /** Answers the caller. The first answer counts. */
  resolve(answer: Answer): void {
    this.#close();
    this.#resolve(answer);
  }

  /** Fails the caller's call, unless it has its answer. */
  fail(error: unknown): void {
    this.#close();
    this.#reject(error);
  }

  /** Lets go of what the call holds; runs when it is answered. */
  protected release(): void {}

  #close(): void {
    this.#isOpen = false;
    this.release();
    this.commit();
  }
}
