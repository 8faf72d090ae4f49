import { Redacted } from '../../bytes/redacted.js';
import {
  checkOptions,
  functionRule,
  integerRule,
  type OptionRule,
  signalRule,
} from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { Drain } from '../../lifecycle/drain.js';
import { logged } from '../../lifecycle/operation-log.js';
import { MAX_BATCH_ROWS } from '../../stores/port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { IssuanceCounts } from '../batches/issuance-result.js';
import type { IssuerParts } from '../issuer-parts.js';
import { reading } from '../operation.js';
import { type ReceiveProgress, type ResidentBatches, receiveRequests } from '../spill/receive-requests.js';
import { Spill } from '../spill/spill.js';
import type { BulkLoadAnswers } from './load-answers.js';
import {
  type BulkLoadState,
  beginLoading,
  type LoadRecord,
  loadKey,
  newLoad,
  requireSameKeys,
  requireSameLoad,
} from './load-record.js';
import { readAnswers } from './read-answers.js';
import { type StoreProgress, storePeople } from './store-people.js';

/** Options of `Issuer.openBulkLoad`. */
export interface BulkLoadOptions {
  /** Folder of the load alone. Made when it is not there; a load that lies in it is continued. */
  readonly folder: string;
  /** Gives the code again to an institution that has it already. Default false (命令85 44条2項). */
  readonly reissue?: boolean;
  /** Residents between two checkpoints: what a kill may cost. Default 1,048,576. */
  readonly checkpointRows?: number;
  /** Most rows of one transaction of the store, 1 to 100,000. Default 100,000. */
  readonly storeBatchRows?: number;
}

/** Options of {@link BulkLoad.receive}. */
export interface ReceiveOptions {
  /** Told after each batch. */
  readonly onProgress?: (progress: ReceiveProgress) => void;
  /** Gives up between batches; what was received is kept. */
  readonly signal?: AbortSignal;
}

/** Options of {@link BulkLoad.store}. */
export interface StoreOptions {
  /** Told after each group of partitions. */
  readonly onProgress?: (progress: StoreProgress) => void;
  /** Gives up between batches; what was stored is kept. */
  readonly signal?: AbortSignal;
}

/** Options of {@link BulkLoad.answers}. */
export interface AnswersOptions {
  /** Place in the list to begin with, counted from 0. Default 0. What lies before is read and passed over. */
  readonly from?: number;
  /** Most answers a batch, 1 to 100,000. Default 10,000. */
  readonly batchRows?: number;
  /** Gives up between batches. */
  readonly signal?: AbortSignal;
}

type Rules = Readonly<Record<string, OptionRule>>;

const STEP_RULES: Rules = { onProgress: functionRule, signal: signalRule };
const ANSWERS_RULES: Rules = {
  from: integerRule(0, Number.MAX_SAFE_INTEGER),
  batchRows: integerRule(1, MAX_BATCH_ROWS),
  signal: signalRule,
};

const DEFAULT_BATCH_ROWS = 10_000;

/**
 * The first load of a whole population for one institution, in three steps: {@link BulkLoad.receive} the residents,
 * {@link BulkLoad.store} them, read the {@link BulkLoad.answers}. The cost of a resident stays what it is however
 * large the store grows. Made by `Issuer.openBulkLoad`; docs/bulk-load.md tells more.
 *
 * A load outlasts its process: open it again on the same folder and go on. Its files hold wrapped codes only, and
 * neither resident record codes nor acquisition numbers (取得番号): the caller keeps those, and the n-th answer belongs to
 * the n-th resident.
 *
 * The codes of a load are of the keys it was begun with. When the store key or the generation is switched meanwhile,
 * it has to be begun anew: who is stored by then is already issued. A new version of the institution's key it
 * outlasts once storing has begun, until the old one is retired; its answers are codes of the active version in any
 * case.
 *
 * One step runs at a time. Errors of every method: `BULK_LOAD_STATE`, `SPILL_FAULT` (retryable), `SPILL_CORRUPT`,
 * `SPILL_MISMATCH` when its keys are not those in force any more, `ABORTED`, vault and store errors.
 */
export class BulkLoad extends Redacted {
  readonly #parts: IssuerParts;
  readonly #spill: Spill<LoadRecord>;
  readonly #reissue: boolean;
  readonly #storeBatchRows: number;
  readonly #drain = new Drain('bulk load', 'BULK_LOAD_STATE');
  #isBusy = false;
  #isErased = false;

  private constructor(parts: IssuerParts, spill: Spill<LoadRecord>, options: BulkLoadOptions) {
    super();
    this.#parts = parts;
    this.#spill = spill;
    this.#reissue = options.reissue ?? false;
    this.#storeBatchRows = options.storeBatchRows ?? MAX_BATCH_ROWS;
  }

  /** @internal */
  static async open(
    parts: IssuerParts,
    institution: InstitutionCode,
    options: BulkLoadOptions,
  ): Promise<BulkLoad> {
    const load = await newLoad(parts, institution);
    const { folder, checkpointRows } = options;
    const spill = await Spill.open({ folder, withCodes: true, begin: () => load, checkpointRows });
    try {
      requireSameLoad(institution, spill.about);
      await reading(parts, undefined, ({ keys }) => requireSameKeys(keys, spill.about));
    } catch (error) {
      spill.close();
      throw error;
    }
    return new BulkLoad(parts, spill, options);
  }

  /** Where the load stands. */
  get state(): BulkLoadState {
    return this.#spill.about.state;
  }

  /** Residents received that outlast this process: the place in the list to go on with. */
  get received(): number {
    return this.#spill.received;
  }

  /** What became of the residents that are stored; the refused ones are counted once storing begins. */
  get counts(): IssuanceCounts {
    return { ...this.#spill.about.counts };
  }

  /**
   * Receives residents, batch after batch, from place {@link BulkLoad.received} of the list on. Packed ones are wiped.
   * May be called again for more, until the load is stored. After an abort, or a failure of the source or the vault,
   * what came before is kept.
   *
   * @param batches n × 11 ASCII digits each, or arrays of texts; at most 100,000 residents
   * @throws RenkeiError `BULK_LOAD_STATE` when storing has begun, `BUFFER_LENGTH`, `BATCH_TOO_LARGE`
   */
  receive(batches: ResidentBatches, options: ReceiveOptions = {}): Promise<void> {
    return this.#step('receive', options, ['receiving'], () =>
      receiveRequests(this.#spill, batches, {
        audience: loadKey(this.#spill.about),
        begin: () => beginLoading(this.#parts, this.#spill.about, options.signal),
        signal: options.signal,
        onProgress: options.onProgress,
      }),
    );
  }

  /**
   * Puts everybody received into the store. To be called again after a failure, an abort or in another process until
   * it ends well. Again after that does nothing.
   */
  store(options: StoreOptions = {}): Promise<void> {
    return this.#step('store', options, ['receiving', 'storing', 'stored'], async () => {
      if (this.state === 'stored') return;
      const { log } = this.#parts;
      const details = { key: loadKey(this.#spill.about), received: this.received };
      const { signal, onProgress } = options;
      const run = () => storePeople(this.#parts, this.#spill, this.#storeBatchRows, signal, onProgress);
      await logged({ log, event: 'load.store', details, run, outcome: () => ({ ...this.counts }) });
    });
  }

  /**
   * The answers of a stored load, in the order of the list. May be read any number of times.
   *
   * @throws RenkeiError `BULK_LOAD_STATE` when not everybody is stored
   */
  async *answers(options: AnswersOptions = {}): AsyncGenerator<BulkLoadAnswers, void, void> {
    checkOptions('answers', options, ANSWERS_RULES);
    const { from = 0, batchRows = DEFAULT_BATCH_ROWS, signal } = options;
    const batches = await this.#drain.run(() => {
      this.#requireState(['stored']);
      return readAnswers(this.#parts, this.#spill, { from, batchRows, reissue: this.#reissue, signal });
    });
    for (;;) {
      const { done, value } = await this.#drain.run(() => batches.next());
      if (done === true) return;
      yield value;
    }
  }

  /**
   * Deletes the files of the load, whatever its state. Codes that are stored stay issued. May be called twice.
   *
   * @throws RenkeiError `BULK_LOAD_STATE` after {@link BulkLoad.close}, which has let go of the folder
   */
  async erase(): Promise<void> {
    if (this.#drain.isClosed && !this.#isErased) {
      throw new RenkeiError('BULK_LOAD_STATE', 'the bulk load is closed: open it again to erase it');
    }
    this.#isErased = true;
    await this.#drain.close(() => this.#spill.erase());
  }

  /** Lets the running step end and lets go of the folder; the load can be opened again. May be called twice. */
  close(): Promise<void> {
    return this.#drain.close(() => this.#spill.close());
  }

  /** The same as {@link BulkLoad.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #step(name: string, options: unknown, states: readonly BulkLoadState[], step: () => Promise<void>) {
    return this.#drain.run(async () => {
      checkOptions(name, options, STEP_RULES);
      this.#requireState(states);
      if (this.#isBusy) throw new RenkeiError('BULK_LOAD_STATE', 'another step of the bulk load is running');
      this.#isBusy = true;
      try {
        await step();
      } finally {
        this.#isBusy = false;
      }
    });
  }

  #requireState(states: readonly BulkLoadState[]): void {
    if (states.includes(this.state)) return;
    throw new RenkeiError(
      'BULK_LOAD_STATE',
      `the bulk load is ${this.state}, which is not the time for this`,
    );
  }
}
