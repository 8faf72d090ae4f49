import { RenkeiError } from '../../errors/renkei-error.js';
import type { BreakerState } from '../events.js';

/** Options of a {@link CircuitBreaker}. */
export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** First pause; doubled each time the probe fails. */
  readonly pauseMs: number;
  /** Longest pause. */
  readonly longestPauseMs: number;
  readonly now: () => number;
  readonly onChange: (state: BreakerState) => void;
}

/**
 * Keeps callers from queueing up behind a device that is down. After some failures in a row it opens: calls fail at
 * once. After a pause one probe is let through; its success closes the breaker, its failure doubles the pause.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = 'closed';
  #failures = 0;
  #pauseMs: number;
  #openUntil = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#pauseMs = options.pauseMs;
  }

  /** The state as a caller would meet it now. */
  get state(): BreakerState {
    return this.#state;
  }

  /**
   * Asks to call the device. While open, only the first caller after the pause gets through, as the probe.
   *
   * @throws RenkeiError `HSM_UNAVAILABLE`
   */
  enter(): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'open' && this.#options.now() >= this.#openUntil) {
      this.#change('half-open');
      return;
    }
    throw new RenkeiError('HSM_UNAVAILABLE', 'the HSM has failed repeatedly and is left alone for a while');
  }

  /** The device has answered. */
  succeeded(): void {
    this.#failures = 0;
    this.#pauseMs = this.#options.pauseMs;
    this.#change('closed');
  }

  /** The device has failed. */
  failed(): void {
    this.#failures++;
    if (this.#state === 'half-open') {
      this.#pauseMs = Math.min(this.#pauseMs * 2, this.#options.longestPauseMs);
    } else if (this.#state === 'open' || this.#failures < this.#options.failures) {
      return;
    }
    this.#openUntil = this.#options.now() + this.#pauseMs;
    this.#change('open');
  }

  /** The probe ended without telling anything about the device, such as by its caller's abort. */
  abandoned(): void {
    if (this.#state === 'half-open') this.#change('open');
  }

  #change(state: BreakerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onChange(state);
  }
}
