import { bytesToHex } from '@noble/hashes/utils.js';
import { signalOption } from '../../errors/abort.js';
import { leafHash } from '../../signatures/merkle-tree.js';
import { readLogEntry } from '../../stores/log-entries.js';
import type { LogEntry, LogHead, LogStore } from '../../stores/log-port.js';
import type { RecordFinding } from './finding.js';

const PAGE = 1_000;

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
  let from = 0;
  while (from < head.size) {
    const limit = Math.min(PAGE, head.size - from);
    const texts = await store.logEntries({ from, limit, ...signalOption(signal) });
    for (const [k, text] of texts.entries()) {
      const entry = readLogEntry(text);
      const isNext = entry?.index === from + k && entry.previous === bytesToHex(last);
      if (entry === undefined || !isNext) yield { finding: { kind: 'entry-damaged', entry: from + k } };
      if (entry !== undefined) yield { entry: { ...entry, index: from + k } };
      last = leafHash(Buffer.from(text));
    }
    from += texts.length;
    if (texts.length < limit) break;
  }
  const isWhole = from === head.size && bytesToHex(last) === bytesToHex(head.last);
  if (!isWhole) yield { finding: { kind: 'log-cut', entry: from } };
}
