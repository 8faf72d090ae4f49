import { setImmediate } from 'node:timers/promises';
import type { WaitingCall } from './waiting-call.js';

/** What a queue knows of a call. */
type Waiting = Pick<WaitingCall<unknown>, 'isOpen' | 'whenLeft' | 'commit' | 'fail'>;

/** What is done for the calls of a round. Whatever is thrown fails every call of the round that has no answer yet. */
export interface RoundWork<Call extends Waiting, Prepared> {
  /**
   * First half, such as a call of the vault: while one round is in its second half, the next is in its first. Without
   * it a round is taken only when none is under way, and gathers all who came meanwhile.
   *
   * @param calls one or more, in the order in which they came
   * @param signal aborts when every caller has given up
   */
  readonly prepare?: (calls: readonly Call[], signal: AbortSignal) => Promise<Prepared>;
  /**
   * Second half, such as a transaction; rounds have it one by one, in their order. Callers who have not given up by
   * now cannot any more; every one of them has its answer when the promise resolves.
   *
   * @param calls those of the first half, in the same places; some may be answered already, because their callers
   *   have given up
   */
  readonly finish: (calls: readonly Call[], prepared: Prepared) => Promise<void>;
}

/** What a queue tells its owner. */
export interface QueueEvents {
  /** So many calls wait no more: a round has them, or their callers have given up. */
  readonly freed?: (calls: number) => void;
  /** Nothing waits and nothing is under way. */
  readonly idle?: () => void;
}

/** Options of a queue. */
export interface RoundQueueOptions<Call extends Waiting, Prepared> {
  readonly work: RoundWork<Call, Prepared>;
  /**
   * Most weight in one round. A larger round holds the thread for longer, and all its callers wait for it; a smaller one
   * pays for its call and its commit with fewer calls.
   */
  readonly mostWeight: number;
  /** How much of a round a call takes; one that is too heavy has a round of its own. Default: 1. */
  readonly weightOf?: (call: Call) => number;
  /** Default: nobody is told. */
  readonly events?: QueueEvents;
}

/**
 * Calls of many concurrent callers that are served in rounds. What comes while a round is under way goes into the next;
 * two are under way at the most, finished in the order in which their callers came.
 */
export class RoundQueue<Call extends Waiting, Prepared = undefined> {
  readonly #work: RoundWork<Call, Prepared>;
  readonly #mostWeight: number;
  readonly #weightOf: (call: Call) => number;
  readonly #events: QueueEvents;
  readonly #waiting = new Set<Call>();
  /** True while a round is collected or prepared, or is prepared and waits for the one before to be finished. */
  #isPreparing = false;
  #finishing: Promise<void> | undefined;
  readonly #whenIdle: (() => void)[] = [];

  constructor({ work, mostWeight, weightOf = () => 1, events = {} }: RoundQueueOptions<Call, Prepared>) {
    this.#work = work;
    this.#mostWeight = mostWeight;
    this.#weightOf = weightOf;
    this.#events = events;
  }

  /** Puts a call behind those that wait. */
  add(call: Call): void {
    this.#waiting.add(call);
    call.whenLeft(() => {
      this.#waiting.delete(call);
      this.#events.freed?.(1);
    });
    if (!this.#isPreparing) void this.#serve();
  }

  /** Settles when nothing waits and nothing is under way: a round may still be whose callers have all given up. */
  async idle(): Promise<void> {
    if (this.#isIdle) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle.push(resolve);
    });
  }

  /** Serves one round and sets the next one going. Never rejects. */
  async #serve(): Promise<void> {
    this.#isPreparing = true;
    // Calls of one turn of the event loop share a round.
    await setImmediate();
    if (this.#work.prepare === undefined) await this.#finishing;
    const calls = this.#takeRound();
    const prepared = calls.length === 0 ? undefined : await this.#prepare(calls);
    await this.#finishing;
    this.#isPreparing = false;
    // The next round is prepared, by a vault, before this one goes to a store that may hold the thread.
    if (this.#waiting.size > 0) void this.#serve();
    if (prepared !== undefined) this.#finishing = this.#finish(calls, prepared.value);
    this.#restWhenIdle();
  }

  /** `undefined` when that failed, which everybody is told. */
  async #prepare(calls: readonly Call[]): Promise<{ readonly value: Prepared } | undefined> {
    const { prepare } = this.#work;
    // Without a first half there is nothing to hand on.
    if (prepare === undefined) return { value: undefined as Prepared };
    const giveUp = new AbortController();
    let open = calls.length;
    // A round that nobody waits for any more is given up.
    const leave = () => {
      open--;
      if (open === 0) giveUp.abort();
    };
    for (const call of calls) call.whenLeft(leave);
    try {
      return { value: await prepare(calls, giveUp.signal) };
    } catch (error) {
      for (const call of calls) call.fail(error);
      return undefined;
    }
  }

  async #finish(calls: readonly Call[], prepared: Prepared): Promise<void> {
    await setImmediate();
    try {
      const open = calls.filter(({ isOpen }) => isOpen);
      for (const call of open) call.commit();
      if (open.length > 0) await this.#work.finish(calls, prepared);
    } catch (error) {
      for (const call of calls) call.fail(error);
    }
    this.#finishing = undefined;
    this.#restWhenIdle();
  }

  /** The calls that have waited longest; none when all callers have given up. */
  #takeRound(): readonly Call[] {
    const calls: Call[] = [];
    let weight = 0;
    for (const call of this.#waiting) {
      weight += this.#weightOf(call);
      if (weight > this.#mostWeight && calls.length > 0) break;
      this.#waiting.delete(call);
      // Who leaves a round that is taken does not wait any more.
      call.whenLeft(() => undefined);
      calls.push(call);
    }
    this.#events.freed?.(calls.length);
    return calls;
  }

  get #isIdle(): boolean {
    return !this.#isPreparing && this.#finishing === undefined;
  }

  #restWhenIdle(): void {
    if (!this.#isIdle) return;
    this.#events.idle?.();
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
