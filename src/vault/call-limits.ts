import { abortedError } from '../errors/abort.js';
import { integerRule, type OptionRule, signalRule } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { VaultCallOptions } from './port.js';

/** Longest time that can be waited for: what a timer of Node.js can hold. */
export const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** The rules for the options every call takes. */
export const CALL_RULES: Readonly<Record<string, OptionRule>> = {
  signal: signalRule,
  timeoutMs: integerRule(1, LONGEST_TIMEOUT_MS),
};

/** Opens the limits of a call whose options nobody has checked yet: a wrong one is left to the call's own checks. */
export function openLimits({ signal, timeoutMs }: VaultCallOptions): CallLimits {
  return new CallLimits({
    ...(signal instanceof AbortSignal ? { signal } : {}),
    ...(Number.isInteger(timeoutMs) ? { timeoutMs: timeoutMs as number } : {}),
  });
}

/**
 * How long a call may run: until its caller aborts it or its deadline passes. One for every call of a vault; to be
 * disposed of when the call has ended.
 */
export class CallLimits {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #onAbort = () => this.end(abortedError());
  #error: RenkeiError | undefined;

  constructor({ signal, timeoutMs }: VaultCallOptions) {
    this.#caller = signal;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(
        () => this.end(new RenkeiError('DEADLINE_EXCEEDED', `the call has not ended within ${timeoutMs} ms`)),
        timeoutMs,
      );
    }
  }

  /** Aborted when the call has to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the call has to end, once it has to. */
  get error(): RenkeiError | undefined {
    return this.#error;
  }

  /** Throws when the call has to end. */
  check(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  /** Waits, but not longer than the call may run. */
  async pause(ms: number): Promise<void> {
    this.check();
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.signal.addEventListener('abort', done, { once: true });
    });
    this.check();
  }

  /** Lets go of the timer and of the caller's signal. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }

  /** Ends the call; the first reason counts. */
  end(error: RenkeiError): void {
    this.#error ??= error;
    this.#controller.abort();
  }
}
