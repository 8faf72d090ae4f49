import { wipe } from '../../bytes/wipe.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { Refusal } from '../../errors/renkei-error.js';
import type { CallLimits } from '../call-limits.js';
import type { PackedCodes } from '../port.js';
import type { Engine } from './options.js';
import { abortFlag, type ComputeRequest, layOut } from './protocol.js';
import type { SessionPool } from './session-pool.js';
import type { SessionWorker } from './session-worker.js';

/**
 * Rows of one message to a worker at the most: few enough that other callers get their turn (an abort is heard within
 * a message), but for the bulk engine a whole batch of a stream. The caller's thread is busy storing the batch before
 * and could not send a second message until it has done so.
 */
const ROWS_A_MESSAGE: Readonly<Record<Engine, number>> = { sealed: 256, bulk: 131_072 };

/** What is computed of every row. */
export type Computation = Pick<ComputeRequest, 'source' | 'links' | 'to'>;

/** A packed batch, residents or codes. */
interface InputRows {
  readonly input: Uint8Array;
  /** How many, at least one. */
  readonly rows: number;
  /** Bytes of each. */
  readonly width: number;
}

/** Cuts batches into messages and has all sessions work on them, each with shared memory of its own. */
export class ComputeLanes {
  readonly #engine: Engine;
  readonly #pool: SessionPool;
  readonly #buffers = new WeakMap<SessionWorker, SharedArrayBuffer>();

  constructor(engine: Engine, pool: SessionPool) {
    this.#engine = engine;
    this.#pool = pool;
  }

  /** Codes of a batch, all or none: after a failure those that were made are wiped. */
  async compute(
    { input, rows, width }: InputRows,
    computation: Computation & Pick<ComputeRequest, 'fingerprints'>,
    limits: CallLimits,
  ): Promise<PackedCodes> {
    const codes = computation.to.map(() => new Uint8Array(rows * CODE_LENGTH));
    const refusals: Refusal[] = [];
    const size = Math.min(ROWS_A_MESSAGE[this.#engine], Math.ceil(rows / this.#pool.size));
    let next = 0;
    let failed = false;
    const lane = async () => {
      while (next < rows && !failed) {
        const first = next;
        const count = Math.min(size, rows - first);
        next += count;
        try {
          const request = { ...computation, rows: count, firstIndex: first };
          const part = input.subarray(first * width, (first + count) * width);
          const outputs = codes.map((out) =>
            out.subarray(first * CODE_LENGTH, (first + count) * CODE_LENGTH),
          );
          refusals.push(...(await this.#computeChunk(request, part, width, outputs, limits)));
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    };
    // All lanes end before the call does: nothing may read the caller's rows after that.
    const lanes = Array.from({ length: Math.min(this.#pool.size, Math.ceil(rows / size)) }, lane);
    for (const result of await Promise.allSettled(lanes)) {
      if (result.status === 'rejected') {
        wipe(...codes);
        throw result.reason;
      }
    }
    return { codes, refusals: refusals.sort((a, b) => a.index - b.index) };
  }

  /** One message: rows go into shared memory that only this chunk uses, codes come out, and it is wiped. */
  #computeChunk(
    request: Omit<ComputeRequest, 'shared'>,
    rows: Uint8Array,
    width: number,
    outputs: readonly Uint8Array[],
    limits: CallLimits,
  ): Promise<Refusal[]> {
    return this.#pool.run(async (worker) => {
      limits.check();
      const place = layOut(request.rows, width, CODE_LENGTH, outputs.length);
      const shared = this.#bufferOf(worker, place.totalBytes);
      const bytes = new Uint8Array(shared, 0, place.totalBytes);
      const giveUp = () => void Atomics.store(abortFlag(shared), 0, 1);
      limits.signal.addEventListener('abort', giveUp, { once: true });
      try {
        bytes.set(rows, place.input);
        const { refusals } = await worker.ask('compute', { ...request, shared });
        // A caller that has been told of the end no longer owns the rows.
        limits.check();
        outputs.forEach((out, k) => {
          out.set(bytes.subarray(place.output(k), place.output(k) + place.outputBytes));
        });
        return refusals;
      } catch (error) {
        limits.check();
        throw error;
      } finally {
        limits.signal.removeEventListener('abort', giveUp);
        wipe(bytes);
      }
    }, limits);
  }

  #bufferOf(worker: SessionWorker, bytes: number): SharedArrayBuffer {
    let buffer = this.#buffers.get(worker);
    if (buffer === undefined || buffer.byteLength < bytes) {
      buffer = new SharedArrayBuffer(bytes);
      this.#buffers.set(worker, buffer);
    }
    return buffer;
  }
}
