import { throwIfAborted } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { AbortWatch } from '../../lifecycle/abort-watch.js';
import { RoundQueue } from '../../lifecycle/round-queue.js';
import { acquisitionNumberFault } from '../../subjects/acquisition-number.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { IssuanceItem } from '../batches/issuance-result.js';
import type { PreparedBatch } from '../batches/issue-batch.js';
import type { IssueOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { reading } from '../operation.js';
import { IssueRounds } from './issue-rounds.js';
import { WaitingIssue } from './waiting-issue.js';

/** Single issues in one round, which is one call of the vault and one transaction. */
const MAX_ROUND_ISSUES = 1_000;

/**
 * Single issues of many concurrent callers, served in rounds, a queue per institution. An idle queue is forgotten.
 */
export class SingleIssues {
  readonly #parts: IssuerParts;
  readonly #maxWaiting: number;
  readonly #queues = new Map<InstitutionCode, RoundQueue<WaitingIssue, PreparedBatch>>();
  readonly #watch = new AbortWatch();
  #waiting = 0;

  constructor(parts: IssuerParts, maxWaiting: number) {
    this.#parts = parts;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Answers as soon as a round has done it.
   *
   * @param digits 住民票コード, 11 ASCII digits, wiped when the vault is given them; to be wiped by the caller too,
   *   who may be refused before
   * @throws RenkeiError `ISSUER_BUSY`, `ABORTED`, `INSTITUTION_UNKNOWN`, a vault error or a store error
   */
  async issue(
    institution: InstitutionCode,
    acquisitionNumber: string,
    digits: Uint8Array,
    options: IssueOptions,
  ): Promise<IssuanceItem> {
    throwIfAborted(options.signal);
    const error = acquisitionNumberFault(acquisitionNumber);
    if (error !== undefined) {
      await reading(this.#parts, options.signal, ({ keys }) => keys.active(institution, options.signal));
      return { index: 0, acquisitionNumber, status: 'refused', error };
    }
    if (this.#waiting >= this.#maxWaiting) {
      throw new RenkeiError('ISSUER_BUSY', `${this.#waiting} single issues wait already`);
    }
    const issue = new WaitingIssue(acquisitionNumber, digits, options, this.#watch);
    this.#waiting++;
    this.#queueOf(institution).add(issue);
    return issue.answer;
  }

  /** Settles when no round is under way: one may still be whose callers have all given up. */
  async allIdle(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
  }

  #queueOf(institution: InstitutionCode): RoundQueue<WaitingIssue, PreparedBatch> {
    let queue = this.#queues.get(institution);
    if (queue === undefined) {
      queue = new RoundQueue({
        work: new IssueRounds(this.#parts, institution),
        mostWeight: MAX_ROUND_ISSUES,
        events: {
          freed: (issues) => {
            this.#waiting -= issues;
          },
          idle: () => this.#queues.delete(institution),
        },
      });
      this.#queues.set(institution, queue);
    }
    return queue;
  }
}
