import type { LogAppended, LogDraft, OperationLog } from 'renkei';

/** A log that keeps what is written down, in memory, and fails when told to. */
export class RecordingLog implements OperationLog {
  /** What was written down. */
  readonly drafts: LogDraft[] = [];
  /** Says what an entry fails with; undefined where it does not. */
  faultOf: (draft: LogDraft) => unknown = () => undefined;

  /** Events of what was written down. */
  get events(): readonly string[] {
    return this.drafts.map(({ event }) => event);
  }

  /** Details of the last entry of an event. */
  details(event: string): LogDraft['details'] {
    return this.drafts.findLast((draft) => draft.event === event)?.details;
  }

  async append(drafts: readonly LogDraft[]): Promise<LogAppended> {
    await new Promise(setImmediate);
    for (const draft of drafts) {
      const fault = this.faultOf(draft);
      if (fault !== undefined) throw fault;
    }
    const first = this.drafts.length;
    this.drafts.push(...drafts);
    return { first, at: 0 };
  }
}
