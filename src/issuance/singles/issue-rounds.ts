import { allocateOffHeap } from '../../bytes/allocate.js';
import { wipe } from '../../bytes/wipe.js';
import type { RoundWork } from '../../lifecycle/round-queue.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../../subjects/resident-record-code.js';
import type { IssuanceItem, IssuanceResult } from '../batches/issuance-result.js';
import { deriveBatch, type PreparedBatch, storeRows, withoutRows } from '../batches/issue-batch.js';
import type { IssuerParts } from '../issuer-parts.js';
import { makeGenuineCodes, notOfTheStoreKey } from '../make-codes.js';
import type { WaitingIssue } from './waiting-issue.js';

/**
 * Single issues of several callers for one institution, which go through the vault and the store together.
 */
export class IssueRounds implements RoundWork<WaitingIssue, PreparedBatch> {
  readonly #parts: IssuerParts;
  readonly #institution: InstitutionCode;

  constructor(parts: IssuerParts, institution: InstitutionCode) {
    this.#parts = parts;
    this.#institution = institution;
  }

  /** First half: the vault derives the codes. */
  readonly prepare = async (issues: readonly WaitingIssue[], signal: AbortSignal): Promise<PreparedBatch> => {
    const rows = issues.length;
    const residents = allocateOffHeap(rows * RESIDENT_RECORD_CODE_LENGTH);
    issues.forEach((issue, k) => {
      issue.moveDigits(residents, k * RESIDENT_RECORD_CODE_LENGTH);
    });
    const numbers = issues.map(({ acquisitionNumber }) => acquisitionNumber);
    try {
      // Equal acquisition numbers of different callers are nobody's mistake: only a batch of one caller is checked.
      const request = { rows, residents, refused: new Map() };
      return await deriveBatch(this.#parts, this.#institution, numbers, request, signal);
    } finally {
      wipe(residents);
    }
  };

  /** Second half: one transaction for those who have not given up, then everybody's answer. */
  readonly finish = async (issues: readonly WaitingIssue[], prepared: PreparedBatch): Promise<void> => {
    const left = new Set([...issues.keys()].filter((index) => issues[index]?.isOpen !== true));
    const stored = await storeRows(withoutRows(prepared, left), (index) => issues[index]?.reissue === true);
    const { result, codes, wanted } = stored;
    const later = new Set(wanted.map(({ index }) => index));
    issues.forEach((issue, index) => {
      if (!later.has(index)) answer(issue, index, result);
    });
    const issuing = prepared.rows?.issuing;
    if (issuing === undefined || wanted.length === 0) return;
    // Those whose code is made from their store code are answered last. What fails here concerns nobody else.
    const corrupt = await makeGenuineCodes(issuing, issuing.key, wanted, codes);
    for (const { index } of wanted) {
      const issue = issues[index] as WaitingIssue;
      if (corrupt.has(index)) issue.fail(notOfTheStoreKey());
      else answer(issue, index, result);
    }
  };
}

/** The answer of a round's item, which to its caller is the only one. */
function answer(issue: WaitingIssue, index: number, result: IssuanceResult): void {
  issue.resolve({ ...(result.at(index) as IssuanceItem), index: 0 });
}
