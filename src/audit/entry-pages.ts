import { checkOptions, integerRule, signalRule } from '../errors/options.js';
import { readLogEntry } from '../stores/log-entries.js';
import type { LogCallOptions, LogStore } from '../stores/log-port.js';

/** Options of reading entries. */
export interface ReadEntriesOptions extends LogCallOptions {
  /** Index of the first one. Default 0. */
  readonly from?: number;
}

/** Texts of entries in one page: their memory, and one call of the store. */
const PAGE_ENTRIES = 1_000;

/**
 * Texts of the entries of a log in their order, page by page, to its end.
 *
 * @throws RenkeiError an option error, `ABORTED` or a store error
 */
export async function* entryPages(
  store: Pick<LogStore, 'logEntries'>,
  options: ReadEntriesOptions,
): AsyncGenerator<readonly string[], void, void> {
  checkOptions('entries', options, { from: integerRule(0, Number.MAX_SAFE_INTEGER), signal: signalRule });
  const { from = 0, ...call } = options;
  for (let next = from; ; ) {
    const texts = await store.logEntries({ from: next, limit: PAGE_ENTRIES, ...call });
    if (texts.length > 0) yield texts;
    if (texts.length < PAGE_ENTRIES) return;
    next = indexAfter(texts, next);
  }
}

/**
 * Index of the entry behind these. Where entries are missing it is not their number that tells, but what they say.
 *
 * @param from index of the first one where none says any
 */
export function indexAfter(texts: readonly string[], from: number): number {
  for (let k = texts.length - 1; k >= 0; k--) {
    const index = readLogEntry(texts[k] as string)?.index;
    if (index !== undefined && index >= from) return index + texts.length - k;
  }
  return from + texts.length;
}
