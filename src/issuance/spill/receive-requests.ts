import { wipe } from '../../bytes/wipe.js';
import type { Audience } from '../../codes/key-names.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { signalOption, throwIfAborted } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { MAX_BATCH_ROWS } from '../../stores/port.js';
import { wipeResidents } from '../../vault/arguments.js';
import { LeavableSource, settled, unwrapSettled } from '../leavable-source.js';
import type { Operation } from '../operation.js';
import { countResidents, packedResidents, type Residents } from '../residents.js';
import { type DerivedRequests, MAX_PARTITION_ROWS, type Spill } from './spill.js';

/** Batches of residents, in the order of the caller's list. */
export type ResidentBatches = AsyncIterable<Residents> | Iterable<Residents>;

/** How far receiving has come. */
export interface ReceiveProgress {
  /** Requests taken up. */
  readonly received: number;
  /** Those of them that outlast this process. */
  readonly durable: number;
}

/** How to receive. */
interface Reception {
  /** Tells the keys in force, before each batch is derived. */
  readonly begin: () => Promise<Operation>;
  /** The institution the codes are for; none: store codes only. */
  readonly audience?: Audience;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: ReceiveProgress) => void) | undefined;
}

/**
 * Takes batches of residents up into a spill. While one is sorted into partitions the vault computes the next. What
 * was taken up before an abort or a failure is kept; a spill that cannot be written goes back to its last checkpoint.
 */
export async function receiveRequests<About>(
  spill: Spill<About>,
  batches: ResidentBatches,
  reception: Reception,
): Promise<void> {
  const { signal, onProgress } = reception;
  const source = new LeavableSource(batches, wipeBatch);
  const leave = () => source.leave();
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  const deriveNext = async (): Promise<DerivedRequests | undefined> => {
    const next = await source.next();
    return next === undefined ? undefined : derive(reception, next.item);
  };
  let ahead = settled(deriveNext());
  try {
    for (;;) {
      const derived = unwrapSettled(await ahead);
      throwIfAborted(signal);
      if (derived === undefined) break;
      ahead = settled(deriveNext());
      append(spill, derived);
      if (spill.isCheckpointDue) await spill.checkpoint();
      onProgress?.({ received: spill.appended, durable: spill.received });
    }
  } catch (error) {
    if (isOfTheSpill(error)) spill.rollBack();
    else await keep(spill);
    throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
    leave();
    // The batch computed ahead is dropped; its residents are wiped by then.
    await ahead;
  }
  await keep(spill);
}

/** Makes durable what was taken up. */
async function keep<About>(spill: Spill<About>): Promise<void> {
  if (spill.appended === spill.received) return;
  try {
    await spill.checkpoint();
  } catch (error) {
    spill.rollBack();
    throw error;
  }
}

function append<About>(spill: Spill<About>, derived: DerivedRequests): void {
  spill.append(derived);
  for (const rows of spill.partitionRows) {
    if (rows <= MAX_PARTITION_ROWS) continue;
    spill.rollBack();
    throw new RenkeiError('BATCH_TOO_LARGE', `more than ${MAX_PARTITION_ROWS} requests in one partition`);
  }
}

async function derive(
  { begin, audience, signal }: Reception,
  residents: Residents,
): Promise<DerivedRequests> {
  try {
    const rows = countResidents(residents);
    if (rows > MAX_BATCH_ROWS) {
      throw new RenkeiError(
        'BATCH_TOO_LARGE',
        `a batch has at most ${MAX_BATCH_ROWS} residents, this one ${rows}`,
      );
    }
    const { vault, keys } = await begin();
    const { residents: packed, refusals } = packedResidents(residents);
    try {
      const audiences = audience === undefined ? [keys.storeKey] : [keys.storeKey, audience];
      const options = { generation: keys.generation, ...signalOption(signal) };
      const derived = await vault.derive(packed, audiences, options);
      const [storeCodes, codes = NO_CODES] = derived.codes as [Uint8Array, Uint8Array?];
      const expected = rows * CODE_LENGTH;
      if (storeCodes.length !== expected || (audience !== undefined && codes.length !== expected)) {
        throw new RenkeiError('MODULE_REFUSED', 'the vault has not answered for every resident');
      }
      // Of two refusals of one row the first counts: that of a text, whose row is blank for the vault.
      return { rows, storeCodes, codes, refusals: [...derived.refusals, ...refusals] };
    } finally {
      wipe(packed);
    }
  } finally {
    wipeBatch(residents);
  }
}

const NO_CODES = new Uint8Array(0);

function isOfTheSpill(error: unknown): boolean {
  return error instanceof RenkeiError && error.code.startsWith('SPILL_');
}

function wipeBatch(residents: Residents): void {
  wipeResidents(residents as Uint8Array);
}
