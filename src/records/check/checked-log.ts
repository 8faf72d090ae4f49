import { bytesToHex } from '@noble/hashes/utils.js';
import { entryPages } from '../../audit/entry-pages.js';
import { signalOption } from '../../errors/abort.js';
import { leafHash } from '../../signatures/merkle-tree.js';
import { readLogEntry } from '../../stores/log-entries.js';
import type { LogEntry, LogHead, LogStore } from '../../stores/log-port.js';
import type { RecordFinding } from './finding.js';

/** What reading the log from its beginning gives: entries that are as they were written, and what is wrong. */
export type CheckedEntry =
  | { readonly entry: LogEntry; readonly finding?: never }
  | { readonly finding: RecordFinding; readonly entry?: never };

/**
 * The log from its first entry to an end, each entry held against the one before (hash chain), the last one against the
 * end on record.
 */
export async function* checkedLog(
  store: LogStore,
  head: LogHead,
  signal: AbortSignal | undefined,
): AsyncGenerator<CheckedEntry, void, undefined> {
  let last: Uint8Array = new Uint8Array(32);
  let at: number | undefined = 0;
  let index = 0;
  for await (const texts of entryPages(store, signalOption(signal))) {
    for (const text of texts.slice(0, head.size - index)) {
      const entry = readLogEntry(text);
      const isNext = entry?.index === index && entry.previous === bytesToHex(last);
      if (!isNext) yield { finding: { finding: 'entry-damaged', entry: index } };
      if (entry !== undefined) yield { entry: { ...entry, index } };
      last = leafHash(text);
      at = entry?.at;
      index++;
    }
    if (index === head.size) break;
  }
  // The moment on record too: no later entry is older, and what is to be seen from a day on is seen by it.
  const isEnd = bytesToHex(last) === bytesToHex(head.last) && (at ?? head.at) === head.at;
  if (index !== head.size || !isEnd) yield { finding: { finding: 'log-cut', entry: index } };
}
