import { RenkeiError } from '../errors/renkei-error.js';

/** What a source gave. In an object: a batch that is `undefined` by mistake must not pass for the end. */
interface Given<Item> {
  readonly item: Item;
}

/** The caller's batches, from which one can walk away while the next is still awaited. */
export class LeavableSource<Item> {
  readonly #iterator: AsyncIterator<Item> | Iterator<Item>;
  readonly #discard: (item: Item) => void;
  /** Ends the wait for the batch that is coming. */
  #stopWaiting: () => void = () => undefined;
  #open = true;

  constructor(batches: AsyncIterable<Item> | Iterable<Item>, discard: (item: Item) => void) {
    this.#iterator = iteratorOf(batches);
    this.#discard = discard;
  }

  /** The next batch; `undefined` at the end, and once the source is left. */
  async next(): Promise<Given<Item> | undefined> {
    if (!this.#open) return undefined;
    // A race against one promise for the whole stream would keep every batch alive as long as that promise.
    return new Promise((resolve, reject) => {
      let waiting = true;
      this.#stopWaiting = () => {
        waiting = false;
        resolve(undefined);
      };
      this.#take().then((given) => {
        if (!waiting && given !== undefined) this.#discard(given.item);
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

  async #take(): Promise<Given<Item> | undefined> {
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
      return { item: value };
    } catch (error) {
      // A source that fails has ended; once it is left, its failure concerns nobody.
      if (!this.#open) return undefined;
      this.#open = false;
      throw error;
    }
  }
}

function iteratorOf<Item>(
  batches: AsyncIterable<Item> | Iterable<Item>,
): AsyncIterator<Item> | Iterator<Item> {
  if (typeof batches === 'object' && batches !== null) {
    if (Symbol.asyncIterator in batches) return batches[Symbol.asyncIterator]();
    if (Symbol.iterator in batches) return batches[Symbol.iterator]();
  }
  throw new RenkeiError('OPTION_INVALID', 'the batches must be an iterable or an async iterable of requests');
}

/** How a promise ended. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown };

/** A promise that never rejects, since nobody may be listening when it does. */
export function settled<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** What the promise gave, or what it failed with, thrown. */
export function unwrapSettled<T>(result: Settled<T>): T {
  if ('error' in result) throw result.error;
  return result.value;
}
