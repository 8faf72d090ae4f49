import { allocateOffHeap } from '../../bytes/allocate.js';
import { wipe } from '../../bytes/wipe.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../../subjects/resident-record-code.js';
import type { IssuanceItem, IssuanceResult } from '../batches/issuance-result.js';
import { deriveBatch, type PreparedBatch, storeRows, withoutRows } from '../batches/issue-batch.js';
import type { IssuerParts } from '../issuer-parts.js';
import { makeGenuineCodes, notOfTheStoreKey, type WantedCode } from '../make-codes.js';
import type { WaitingIssue } from './waiting-issue.js';

/**
 * Single issues of several callers for one institution, which go through the vault and the store together. Nothing
 * here rejects: whatever fails, fails the callers whom it concerns.
 */
export class IssueRound {
  readonly #parts: IssuerParts;
  readonly #institution: InstitutionCode;
  readonly #issues: readonly WaitingIssue[];
  readonly #giveUp = new AbortController();

  /** @param issues one or more, in the order in which they came */
  constructor(parts: IssuerParts, institution: InstitutionCode, issues: readonly WaitingIssue[]) {
    this.#parts = parts;
    this.#institution = institution;
    this.#issues = issues;
    let open = issues.length;
    // A round that nobody waits for any more is given up.
    const leave = () => {
      open--;
      if (open === 0) this.#giveUp.abort();
    };
    for (const issue of issues) issue.whenLeft(leave);
  }

  /** First half: the vault derives the codes. `undefined` when that failed, which everybody is told. */
  async derive(): Promise<PreparedBatch | undefined> {
    const rows = this.#issues.length;
    const residents = allocateOffHeap(rows * RESIDENT_RECORD_CODE_LENGTH);
    this.#issues.forEach((issue, k) => {
      issue.moveDigits(residents, k * RESIDENT_RECORD_CODE_LENGTH);
    });
    const numbers = this.#issues.map(({ acquisitionNumber }) => acquisitionNumber);
    try {
      // Equal acquisition numbers of different callers are nobody's mistake: only a batch of one caller is checked.
      const request = { rows, residents, refused: new Map() };
      return await deriveBatch(this.#parts, this.#institution, numbers, request, this.#giveUp.signal);
    } catch (error) {
      this.#fail(error);
      return undefined;
    } finally {
      wipe(residents);
    }
  }

  /** Second half: one transaction for those who have not given up, then everybody's answer. */
  async store(prepared: PreparedBatch): Promise<void> {
    const left = new Set<number>();
    this.#issues.forEach((issue, index) => {
      if (issue.isOpen) issue.commit();
      else left.add(index);
    });
    try {
      const stored = await storeRows(
        withoutRows(prepared, left),
        (index) => this.#issues[index]?.reissue === true,
      );
      const { result, codes, wanted } = stored;
      const later = new Set(wanted.map(({ index }) => index));
      for (const index of this.#issues.keys()) if (!later.has(index)) this.#answer(index, result);
      const issuing = prepared.rows?.issuing;
      if (issuing === undefined || wanted.length === 0) return;
      await this.#answerLater(wanted, result, () => makeGenuineCodes(issuing, issuing.key, wanted, codes));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Answers those whose code is made from their store code. What fails here concerns nobody else. */
  async #answerLater(
    group: readonly WantedCode[],
    result: IssuanceResult,
    make: () => Promise<ReadonlySet<number>>,
  ): Promise<void> {
    try {
      const corrupt = await make();
      for (const { index } of group) {
        if (corrupt.has(index)) this.#issues[index]?.fail(notOfTheStoreKey());
        else this.#answer(index, result);
      }
    } catch (error) {
      for (const { index } of group) this.#issues[index]?.fail(error);
    }
  }

  /** The answer of a round's item, which to its caller is the only one. */
  #answer(index: number, result: IssuanceResult): void {
    this.#issues[index]?.resolve({ ...(result.at(index) as IssuanceItem), index: 0 });
  }

  #fail(error: unknown): void {
    for (const issue of this.#issues) issue.fail(error);
  }
}
