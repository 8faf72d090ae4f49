import type { Drain } from '../../lifecycle/drain.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { IssueStreamOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { type IssuanceRequest, wipeRequest } from './issuance-request.js';
import type { IssuanceResult } from './issuance-result.js';
import { type PreparedBatch, prepareBatch, storeBatch } from './issue-batch.js';
import { issueStream } from './issue-stream.js';

/**
 * Issues batch after batch; each half of each counts as a call under way.
 *
 * @param drain counts the calls
 */
export function issueAll(
  parts: IssuerParts,
  drain: Drain,
  institution: InstitutionCode,
  batches: AsyncIterable<IssuanceRequest> | Iterable<IssuanceRequest>,
  options: IssueStreamOptions,
): AsyncGenerator<IssuanceResult, void, void> {
  const { signal, onProgress } = options;
  const steps = {
    prepare: (request: IssuanceRequest) =>
      drain.run(() => prepareBatch(parts, institution, request, signal)).finally(() => wipeRequest(request)),
    store: (prepared: PreparedBatch) => drain.run(() => storeBatch(prepared, options)),
    discard: wipeRequest,
  };
  return issueStream(batches, steps, signal, onProgress);
}
