/** A clock that never goes backwards. */
export class ForwardClock {
  readonly #now: () => number;
  #last: number;

  /**
   * @param now milliseconds since 1970-01-01 UTC
   * @param notBefore it shows no earlier moment
   */
  constructor(now: () => number, notBefore: number) {
    this.#now = now;
    this.#last = notBefore;
  }

  /** The moment, in milliseconds since 1970-01-01 UTC. */
  read(): number {
    this.#last = Math.max(this.#last, Math.trunc(this.#now()));
    return this.#last;
  }
}
