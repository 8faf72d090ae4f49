import { setImmediate } from 'node:timers/promises';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { PreparedBatch } from '../batches/issue-batch.js';
import type { IssuerParts } from '../issuer-parts.js';
import { IssueRound } from './issue-round.js';
import type { WaitingIssue } from './waiting-issue.js';

/**
 * Single issues in one round, which is one call of the vault and one transaction. A larger round holds the thread for
 * longer, and all its callers wait for it; a smaller one pays for its call and its commit with fewer issues.
 */
export const MAX_ROUND_ISSUES = 1_000;

/** What a queue tells its owner. */
export interface QueueEvents {
  /** So many issues wait no more: a round has them, or their callers have given up. */
  readonly freed: (issues: number) => void;
  /** Nothing waits and nothing is under way. */
  readonly idle: () => void;
}

/**
 * Single issues for one institution. What comes while a round is under way goes into the next, and while one round is
 * stored the vault derives the next: two are under way at the most, stored in the order in which their callers came.
 */
export class IssueQueue {
  readonly #parts: IssuerParts;
  readonly #institution: InstitutionCode;
  readonly #events: QueueEvents;
  readonly #waiting = new Set<WaitingIssue>();
  /** True while a round is collected or derived, or is derived and waits for the one before to be stored. */
  #isDeriving = false;
  #storing: Promise<void> | undefined;

  constructor(parts: IssuerParts, institution: InstitutionCode, events: QueueEvents) {
    this.#parts = parts;
    this.#institution = institution;
    this.#events = events;
  }

  /** Puts an issue behind those that wait. */
  add(issue: WaitingIssue): void {
    this.#waiting.add(issue);
    issue.whenLeft(() => {
      this.#waiting.delete(issue);
      this.#events.freed(1);
    });
    if (!this.#isDeriving) void this.#serve();
  }

  /** Serves one round and sets the next one going. Never rejects. */
  async #serve(): Promise<void> {
    this.#isDeriving = true;
    // Calls of one turn of the event loop share a round.
    await setImmediate();
    const round = this.#takeRound();
    const prepared = await round?.derive();
    await this.#storing;
    this.#isDeriving = false;
    // The next round goes to the vault before this one goes to a store that may hold the thread.
    if (this.#waiting.size > 0) void this.#serve();
    if (round !== undefined && prepared !== undefined) this.#storing = this.#store(round, prepared);
    this.#restWhenIdle();
  }

  async #store(round: IssueRound, prepared: PreparedBatch): Promise<void> {
    await setImmediate();
    await round.store(prepared);
    this.#storing = undefined;
    this.#restWhenIdle();
  }

  /** The issues that have waited longest; `undefined` when all callers have given up. */
  #takeRound(): IssueRound | undefined {
    const issues: WaitingIssue[] = [];
    for (const issue of this.#waiting) {
      if (issues.length === MAX_ROUND_ISSUES) break;
      this.#waiting.delete(issue);
      issues.push(issue);
    }
    this.#events.freed(issues.length);
    return issues.length === 0 ? undefined : new IssueRound(this.#parts, this.#institution, issues);
  }

  #restWhenIdle(): void {
    if (!this.#isDeriving && this.#storing === undefined) this.#events.idle();
  }
}
