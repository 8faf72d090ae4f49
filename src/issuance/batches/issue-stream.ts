import { throwIfAborted } from '../../errors/abort.js';
import { LeavableSource, settled, unwrapSettled } from '../leavable-source.js';
import type { IssuanceRequest } from './issuance-request.js';
import type { IssuanceCounts, IssuanceResult } from './issuance-result.js';

/** Progress of a stream, after each batch. */
export interface IssuanceProgress extends IssuanceCounts {
  /** Batches stored so far. */
  readonly batches: number;
}

/** A batch in two halves: codes computed by the vault, then stored. */
export interface TwoStepIssue<Prepared> {
  readonly prepare: (request: IssuanceRequest) => Promise<Prepared>;
  readonly store: (prepared: Prepared) => Promise<IssuanceResult>;
  /** Wipes a request that came too late to be served. */
  readonly discard: (request: IssuanceRequest) => void;
}

/**
 * Issues batch after batch. While one is being stored the vault computes the next: two batches are in memory at a
 * time, and the source is asked for more only when the reader takes results. An abort, a failing source or a reader
 * who leaves stops between batches: each is stored whole or not at all.
 */
export async function* issueStream<Prepared>(
  batches: AsyncIterable<IssuanceRequest> | Iterable<IssuanceRequest>,
  { prepare, store, discard }: TwoStepIssue<Prepared>,
  signal: AbortSignal | undefined,
  onProgress: ((progress: IssuanceProgress) => void) | undefined,
): AsyncGenerator<IssuanceResult, void, void> {
  const source = new LeavableSource(batches, discard);
  const leave = () => source.leave();
  signal?.addEventListener('abort', leave, { once: true });
  // A signal that was aborted before speaks no more.
  if (signal?.aborted) leave();
  const prepareNext = async (): Promise<Prepared | undefined> => {
    const next = await source.next();
    // Even after an abort: preparing wipes the request before it gives up.
    return next === undefined ? undefined : prepare(next.item);
  };
  const total = { batches: 0, issued: 0, alreadyIssued: 0, refused: 0 };
  let ahead = settled(prepareNext());
  try {
    for (;;) {
      const prepared = unwrapSettled(await ahead);
      throwIfAborted(signal);
      if (prepared === undefined) return;
      ahead = settled(prepareNext());
      const result = await store(prepared);
      total.batches++;
      total.issued += result.counts.issued;
      total.alreadyIssued += result.counts.alreadyIssued;
      total.refused += result.counts.refused;
      onProgress?.({ ...total });
      yield result;
    }
  } finally {
    signal?.removeEventListener('abort', leave);
    leave();
    // The batch computed ahead is dropped; its residents are wiped by then.
    await ahead;
  }
}
