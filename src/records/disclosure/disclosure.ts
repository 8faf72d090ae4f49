import { BatchResult } from '../../issuance/batch-result.js';
import type { DisclosedItem } from './disclosed-record.js';

/** One page of a person's records (情報提供等の記録の開示), the newest first. Redacted in every rendering. */
export class Disclosure extends BatchResult<DisclosedItem> {
  /** Where the next page goes on; undefined on the last one. It tells nothing of what is there. */
  readonly next: string | undefined;
  /** The moment for which it holds, in milliseconds since 1970-01-01 UTC. */
  readonly disclosedAt: number;
  /** Index of the entry in the operation log that says that it was made. */
  readonly entry: number;

  /** @internal */
  constructor(
    items: readonly DisclosedItem[],
    { next, at, entry }: { next: string | undefined; at: number; entry: number },
  ) {
    super(items.length, (index) => items[index] as DisclosedItem);
    this.next = next;
    this.disclosedAt = at;
    this.entry = entry;
  }
}
