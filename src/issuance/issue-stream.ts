import { throwIfAborted } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { IssuanceRequest } from './issuance-request.js';
import type { IssuanceCounts, IssuanceResult } from './issuance-result.js';

/** Progress of a stream, after each batch. */
export interface IssuanceProgress extends IssuanceCounts {
  /** Batches stored so far. */
  readonly batches: number;
}

/** A batch in two halves: codes computed by the vault, then stored. */
export interface TwoStepIssue<Prepared> {
  readonly prepare: (request: IssuanceRequest) => Promise<Prepared>;
  readonly store: (prepared: Prepared) => Promise<IssuanceResult>;
  /** Wipes a request that came too late to be served. */
  readonly discard: (request: IssuanceRequest) => void;
}

/**
 * Issues batch after batch. While one is being stored the vault computes the next: two batches are in memory at a
 * time, and the source is asked for more only when the reader takes results. An abort, a failing source or a reader
 * who leaves stops between batches: each is stored whole or not at all.
 */
export async function* issueStream<Prepared>(
  batches: AsyncIterable<IssuanceRequest> | Iterable<IssuanceRequest>,
  { prepare, store, discard }: TwoStepIssue<Prepared>,
  signal: AbortSignal | undefined,
  onProgress: ((progress: IssuanceProgress) => void) | undefined,
): AsyncGenerator<IssuanceResult, void, void> {
  const source = new LeavableSource(batches, discard);
  const leave = () => source.leave();
  signal?.addEventListener('abort', leave, { once: true });
  // A signal that was aborted before speaks no more.
  if (signal?.aborted) leave();
  const prepareNext = async (): Promise<Prepared | undefined> => {
    const next = await source.next();
    // Even after an abort: preparing wipes the request before it gives up.
    return next === undefined ? undefined : prepare(next.request);
  };
  const total = { batches: 0, issued: 0, alreadyIssued: 0, refused: 0 };
  let ahead = settled(prepareNext());
  try {
    for (;;) {
      const prepared = unwrapSettled(await ahead);
      throwIfAborted(signal);
      if (prepared === undefined) return;
      ahead = settled(prepareNext());
      const result = await store(prepared);
      total.batches++;
      total.issued += result.counts.issued;
      total.alreadyIssued += result.counts.alreadyIssued;
      total.refused += result.counts.refused;
      onProgress?.({ ...total });
      yield result;
    }
  } finally {
    signal?.removeEventListener('abort', leave);
    leave();
    // The batch computed ahead is dropped; its residents are wiped by then.
    await ahead;
  }
}

/** What a source gave. In an object: a batch that is `undefined` by mistake must not pass for the end. */
interface Given {
  readonly request: IssuanceRequest;
}

/** The caller's batches, from which one can walk away while the next is still awaited. */
class LeavableSource {
  readonly #iterator: AsyncIterator<IssuanceRequest> | Iterator<IssuanceRequest>;
  readonly #discard: (request: IssuanceRequest) => void;
  /** Ends the wait for the batch that is coming. */
  #stopWaiting: () => void = () => undefined;
  #open = true;

  constructor(
    batches: AsyncIterable<IssuanceRequest> | Iterable<IssuanceRequest>,
    discard: (request: IssuanceRequest) => void,
  ) {
    this.#iterator = iteratorOf(batches);
    this.#discard = discard;
  }

  /** The next batch; `undefined` at the end, and once the source is left. */
  async next(): Promise<Given | undefined> {
    if (!this.#open) return undefined;
    // A race against one promise for the whole stream would keep every batch alive as long as that promise.
    return new Promise((resolve, reject) => {
      let waiting = true;
      this.#stopWaiting = () => {
        waiting = false;
        resolve(undefined);
      };
      this.#take().then((given) => {
        if (!waiting && given !== undefined) this.#discard(given.request);
        resolve(given);
      }, reject);
    });
  }

  /** Asks for no more and lets the source clean up. Nobody waits for that, and nobody hears of its failure. */
  leave(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stopWaiting();
    void settled(Promise.resolve().then(() => this.#iterator.return?.()));
  }

  async #take(): Promise<Given | undefined> {
    try {
      const { done, value } = await this.#iterator.next();
      if (done === true) {
        this.#open = false;
        return undefined;
      }
      if (!this.#open) {
        this.#discard(value);
        return undefined;
      }
      return { request: value };
    } catch (error) {
      // A source that fails has ended; once it is left, its failure concerns nobody.
      if (!this.#open) return undefined;
      this.#open = false;
      throw error;
    }
  }
}

function iteratorOf(
  batches: AsyncIterable<IssuanceRequest> | Iterable<IssuanceRequest>,
): AsyncIterator<IssuanceRequest> | Iterator<IssuanceRequest> {
  if (typeof batches === 'object' && batches !== null) {
    if (Symbol.asyncIterator in batches) return batches[Symbol.asyncIterator]();
    if (Symbol.iterator in batches) return batches[Symbol.iterator]();
  }
  throw new RenkeiError('OPTION_INVALID', 'the batches must be an iterable or an async iterable of requests');
}

type Settled<T> = { readonly value: T } | { readonly error: unknown };

/** A promise that never rejects, since nobody may be listening when it does. */
function settled<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function unwrapSettled<T>(result: Settled<T>): T {
  if ('error' in result) throw result.error;
  return result.value;
}
