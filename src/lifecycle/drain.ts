import type { RenkeiErrorCode } from '../errors/codes.js';
import { RenkeiError } from '../errors/renkei-error.js';

/**
 * Counts the calls under way, so that closing can wait for them. One for every object with a `close()`.
 */
export class Drain {
  readonly #closedCode: RenkeiErrorCode;
  readonly #what: string;
  #running = 0;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(what: string, closedCode: RenkeiErrorCode) {
    this.#what = what;
    this.#closedCode = closedCode;
  }

  /** True once closing has begun. */
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Runs a call, unless closing has begun. */
  async run<T>(call: () => T | Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new RenkeiError(this.#closedCode, `the ${this.#what} is closed`);
    this.#running++;
    try {
      return await call();
    } finally {
      this.#running--;
      if (this.#running === 0) this.#idle?.();
    }
  }

  /** Refuses new calls, waits for the running ones, then runs `release` once. Every caller gets the same promise. */
  close(release: () => void | Promise<void>): Promise<void> {
    this.#closing ??= this.#drained().then(release);
    return this.#closing;
  }

  #drained(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }
}
