import type { AbortWatch } from '../lifecycle/abort-watch.js';
import { WaitingCall } from '../lifecycle/waiting-call.js';
import type { LogAppended, LogDraft, LogValue } from '../stores/log-port.js';

/** One caller's entries, from the call until they are durable. */
export class WaitingAppend extends WaitingCall<LogAppended> {
  /** Copies: what a caller does to his afterwards must not spoil the round of others. */
  readonly drafts: readonly LogDraft[];

  /** @param drafts checked */
  constructor(drafts: readonly LogDraft[], signal: AbortSignal | undefined, watch: AbortWatch) {
    super(signal, watch);
    this.drafts = drafts.map(copyOf);
  }
}

function copyOf({ event, details }: LogDraft): LogDraft {
  if (details === undefined) return { event };
  const copied: Record<string, LogValue> = {};
  for (const name of Object.keys(details)) {
    const value = details[name] as LogValue;
    copied[name] = Array.isArray(value) ? [...value] : value;
  }
  return { event, details: copied };
}
