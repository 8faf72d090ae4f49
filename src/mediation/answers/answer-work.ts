import type { RoundWork } from '../../lifecycle/round-queue.js';
import type { AccessRecord } from '../../stores/access-record.js';
import type { NewBranch } from '../../stores/record-port.js';
import { notify } from '../../vault/events.js';
import type { MediatorParts } from '../mediator-parts.js';
import type { AnswerOutcome } from './provider-answer.js';
import type { WaitingAnswer } from './waiting-answer.js';

/** Puts a round of providers' answers on record, each as a further branch, in one transaction. */
export class AnswerWork implements RoundWork<WaitingAnswer, undefined> {
  readonly #parts: MediatorParts;

  constructor(parts: MediatorParts) {
    this.#parts = parts;
  }

  readonly finish = async (calls: readonly WaitingAnswer[]): Promise<void> => {
    const open = calls.filter(({ isOpen }) => isOpen);
    let recorded = 0;
    // A branch that somebody else has written meanwhile, such as a correction, may change what is to be said.
    for (let rest = open; rest.length > 0; ) {
      const branches = await this.#branches(rest);
      if (branches.size > 0) recorded += await this.#write(branches);
      rest = rest.filter(({ isOpen }) => isOpen);
    }
    notify(this.#parts.observe, { type: 'answers', answers: open.length, recorded });
  };

  /** Answers those for whom nothing is to be written; gives the next branch for the others. */
  async #branches(calls: readonly WaitingAnswer[]): Promise<ReadonlyMap<WaitingAnswer, NewBranch>> {
    const latest = await this.#parts.records.latest(calls.map(({ serial }) => serial));
    const branches = new Map<WaitingAnswer, NewBranch>();
    const taken = new Set<number>();
    calls.forEach((call, k) => {
      const last = latest[k];
      const outcome = outcomeWithoutRow(call, last);
      if (outcome !== undefined) call.resolve(outcome);
      // One answer twice in a round: the second one is told later what the first one has written.
      else if (!taken.has(call.serial)) branches.set(call, answered(last as AccessRecord, call.at));
      taken.add(call.serial);
    });
    return branches;
  }

  /** Gives the number of rows written. */
  async #write(branches: ReadonlyMap<WaitingAnswer, NewBranch>): Promise<number> {
    const { records, clock } = this.#parts;
    const written = await records.append({ at: clock.read(), branches: [...branches.values()] });
    let rows = 0;
    [...branches].forEach(([call, { serial, branch }], k) => {
      if (written.branches[k]?.outcome !== 'inserted') return;
      call.resolve({ status: 'answered', serial, branch, providedAt: call.at });
      rows++;
    });
    return rows;
  }
}

/** What is answered without anything being written; nothing where a row has to be. */
function outcomeWithoutRow(
  { serial, provider, at }: WaitingAnswer,
  last: AccessRecord | undefined,
): AnswerOutcome | undefined {
  if (last === undefined) return { status: 'unknown', serial };
  const { outcome, provider: notified, providedAt, validUntil = 0 } = last.content;
  if (outcome !== 'forwarded' || notified !== provider) return { status: 'unknown', serial };
  if (providedAt !== undefined) return { status: 'already-answered', serial, providedAt };
  return at > validUntil ? { status: 'lapsed', serial, validUntil } : undefined;
}

/** The next branch. A reason for a change is one of the branch before, not of this one. */
function answered({ serial, branch, content }: AccessRecord, providedAt: number): NewBranch {
  const { changeReason: _, ...others } = content;
  return { serial, branch: branch + 1, content: { ...others, providedAt } };
}
