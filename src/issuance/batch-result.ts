import { Redacted } from '../bytes/redacted.js';
import type { LogDetails } from '../lifecycle/operation-log.js';

/**
 * What became of a batch, item by item in its order. An item is written when it is asked for. Redacted in every
 * rendering.
 */
export abstract class BatchResult<Item> extends Redacted implements Iterable<Item> {
  readonly #itemAt: (index: number) => Item;
  /** Number of items. */
  readonly length: number;

  /** @internal */
  constructor(length: number, itemAt: (index: number) => Item) {
    super();
    this.length = length;
    this.#itemAt = itemAt;
  }

  /** What became of the item at this index; `undefined` when there is none. */
  at(index: number): Item | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) return undefined;
    return this.#itemAt(index);
  }

  /** All items in the order of the batch. */
  *[Symbol.iterator](): Iterator<Item> {
    for (let index = 0; index < this.length; index++) yield this.#itemAt(index);
  }
}

/**
 * How many items came to each of these ends, as details of a log entry: `already-changed` is counted as `alreadyChanged`.
 */
export function statusCounts<Status extends string>(
  result: BatchResult<{ readonly status: Status }>,
  statuses: readonly NoInfer<Status>[],
): LogDetails {
  const counts = new Map<Status, number>(statuses.map((status) => [status, 0]));
  for (const { status } of result) counts.set(status, (counts.get(status) ?? 0) + 1);
  const nameOf = (status: string) => status.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries([...counts].map(([status, count]) => [nameOf(status), count]));
}
