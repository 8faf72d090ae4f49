import { wipe } from '../../bytes/wipe.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { Delivery } from '../../delivery/delivery.js';
import { signalOption } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { RecordPeriodState } from '../../stores/record-port.js';
import type { RecordsContext, TakeInRequest } from '../records-options.js';
import { deliveriesOf, openListed } from './rotation-deliveries.js';

/** What became of new record codes. */
export interface TakenIn {
  /**
   * `taken-in`: from now on the period's records are found under the new codes. `existed`: they were before.
   * `nothing-on-record`: the record file has no record of the period.
   */
  readonly outcome: 'taken-in' | 'existed' | 'nothing-on-record';
  /** Rows that this call put under new codes. */
  readonly rows: number;
}

/** Puts the records of a period under the record codes of a new generation. */
export async function takeIn(context: RecordsContext, request: TakeInRequest): Promise<TakenIn> {
  const { store, now } = context;
  const { period, receipts, folder, onProgress, signal } = request;
  const publicKey = hexOf(request.publicKey);
  const deliveries = deliveriesOf(receipts, period, publicKey);
  const opened: Delivery[] = [];
  try {
    for (const listed of deliveries.files) {
      opened.push(await openListed(folder, deliveries, listed, period, publicKey));
    }
    const state = (await store.periods(signalOption(signal))).find((known) => known.period === period);
    if (state === undefined) return { outcome: 'nothing-on-record', rows: 0 };
    const toGeneration = targetOf(opened, state);
    if (state.generation >= toGeneration) return { outcome: 'existed', rows: 0 };
    // Everything, before anything is changed.
    for (const delivery of opened) await delivery.verify(signalOption(signal));
    const pairs = opened.reduce((sum, { header }) => sum + header.pairs, 0);
    let done = 0;
    let rows = 0;
    for (const delivery of opened) {
      for await (const { oldCodes, newCodes } of delivery.packed(signalOption(signal))) {
        try {
          const moved = { period, oldCodes, newCodes, generation: toGeneration, at: now() };
          rows += await store.rekey(moved, signalOption(signal));
          done += oldCodes.length / CODE_LENGTH;
          onProgress?.({ pairs, done, rows });
        } finally {
          wipe(oldCodes, newCodes);
        }
      }
    }
    await store.settleGeneration(period, toGeneration, now(), signalOption(signal));
    return { outcome: 'taken-in', rows };
  } finally {
    for (const delivery of opened) await delivery.close();
  }
}

/**
 * The generation that the files lead to.
 *
 * @throws RenkeiError `DELIVERY_INVALID` when they do not lead there from where the rows are
 */
function targetOf(deliveries: readonly Delivery[], { period, generation }: RecordPeriodState): number {
  const [first] = deliveries;
  if (first === undefined) {
    throw new RenkeiError(
      'DELIVERY_INVALID',
      `the rotation delivered no record codes of the period ${period}`,
    );
  }
  const { fromGeneration, toGeneration } = first.header;
  const isAlike = deliveries.every(
    ({ header }) => header.fromGeneration === fromGeneration && header.toGeneration === toGeneration,
  );
  if (isAlike && (fromGeneration === generation || toGeneration <= generation)) return toGeneration;
  throw new RenkeiError(
    'DELIVERY_INVALID',
    `the delivery leads from generation ${fromGeneration} to ${toGeneration}, records of the period ${period} are found under ${generation}`,
  );
}

function hexOf(key: Uint8Array | string): string {
  return typeof key === 'string' ? key : Buffer.from(key).toString('hex');
}
