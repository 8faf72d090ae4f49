import { Redacted } from '../bytes/redacted.js';
import { throwIfAborted } from '../errors/abort.js';
import { checkOptions } from '../errors/options.js';
import { type LogDetails, logged } from '../lifecycle/operation-log.js';
import type { RotationKind, RotationStatus } from '../stores/rotation-port.js';
import { abortRotation } from './abort.js';
import { moveOrRefuse, type RotationContext, readRotation, requireStatus } from './context.js';
import { destroyKeys } from './destroy.js';
import { Notebook } from './notebook.js';
import {
  ABORT_RULES,
  type AbortOptions,
  DESTROY_RULES,
  type DestroyOptions,
  RECEIVE_RULES,
  RETIRE_RULES,
  type ReceivedResidents,
  type ReceiveResidentsOptions,
  type ResidentBatches,
  type RetireOptions,
  SWITCH_RULES,
  type SwitchOptions,
  VERIFY_RULES,
  type VerifyOptions,
  WORK_RULES,
  type WorkOptions,
} from './options.js';
import { readParts } from './part-report.js';
import type { RotationProgress, WorkResult } from './progress.js';
import type { ReceiptKey } from './receipt.js';
import { receiptDigest, type SignedReceipt } from './receipts.js';
import { receiveResidents } from './receive-residents.js';
import { retireRotation } from './retire.js';
import { switchRotation } from './switch.js';
import { destructible } from './transitions.js';
import { verifyRotation } from './verify.js';
import { Worker } from './work.js';

/**
 * One rotation. Its steps: work (by as many workers as wanted) → verify → switch → retire → destroy. It can be
 * aborted until the switch. Every step may be called again after a failure or a kill: it goes on, or gives what it
 * gave.
 *
 * Errors of every method: `OPTION_UNKNOWN`, `OPTION_INVALID`, `ROTATION_STATUS` when the step is not for now, vault and
 * store errors.
 */
export class Rotation extends Redacted {
  readonly #context: RotationContext;
  /** 1, 2, 3 … in the order in which they were begun. */
  readonly id: number;
  /** What is re-keyed. */
  readonly kind: RotationKind;
  /** An institution code, `*` for all, or `record/<period>`. */
  readonly subject: string;

  /** @internal */
  constructor(context: RotationContext, { id, kind, subject }: Pick<Rotation, 'id' | 'kind' | 'subject'>) {
    super();
    this.#context = context;
    this.id = id;
    this.kind = kind;
    this.subject = subject;
  }

  /** Where it is. */
  async status(): Promise<RotationStatus> {
    return (await readRotation(this.#context, this.id)).record.status;
  }

  /** How far it has come. */
  async progress(): Promise<RotationProgress> {
    const { open, reports, rows } = await readParts(this.#context.store, this.id);
    return { status: await this.status(), done: reports.size, parts: reports.size + open.length, rows };
  }

  /** Receipts of the steps that are done, the oldest first. */
  async receipts(): Promise<readonly SignedReceipt[]> {
    return Notebook.read((await readRotation(this.#context, this.id)).record.notebook).receipts;
  }

  /**
   * Works until no part is left, or the rotation is paused or aborted. Any number of workers may, in any number of
   * processes that share the folder.
   *
   * @throws RenkeiError `ROTATION_FOLDER`, `ROTATION_INCOMPLETE` when a list of residents is not there yet, `ABORTED`
   */
  async work(options: WorkOptions): Promise<WorkResult> {
    checkOptions('work', options, WORK_RULES);
    return Worker.run(this.#context, this.id, options);
  }

  /**
   * Takes the list of residents that a rotation of the generation is made from, or until the switch one of those who
   * were written since. Batches are wiped. Again changes nothing.
   *
   * @throws RenkeiError `ROTATION_UNSUPPORTED`, `BUFFER_LENGTH`, `BATCH_TOO_LARGE`, `ABORTED`
   */
  async receiveResidents(
    batches: ResidentBatches,
    options: ReceiveResidentsOptions = {},
  ): Promise<ReceivedResidents> {
    checkOptions('receiveResidents', options, RECEIVE_RULES);
    return this.#logged(
      'receive',
      () => receiveResidents(this.#context, this.id, batches, options),
      ({ received, refused, unknown }) => ({ received, refused, unknown }),
    );
  }

  /** Halts the workers after the page they are at. */
  pause(): Promise<void> {
    return this.#halt('running', 'paused');
  }

  /** Lets workers go on: call `work` again. */
  resume(): Promise<void> {
    return this.#halt('paused', 'running');
  }

  /** Rolls back: nothing of it is left but the new keys on record, which nothing uses. Not after the switch. */
  async abort(options: AbortOptions = {}): Promise<void> {
    checkOptions('abort', options, ABORT_RULES);
    return this.#logged('abort', () => abortRotation(this.#context, this.id, options));
  }

  /**
   * Makes sure that everything was made and made right, and writes the deliveries into the folder.
   *
   * @returns the signed receipt
   * @throws RenkeiError `ROTATION_INCOMPLETE`, `ROTATION_FOLDER`, `ROTATION_CONFLICT`, `KEY_FINGERPRINT_MISMATCH`
   */
  async verify(options: VerifyOptions): Promise<SignedReceipt> {
    checkOptions('verify', options, VERIFY_RULES);
    throwIfAborted(options.signal);
    return this.#logged('verify', () => verifyRotation(this.#context, this.id, options), digestOf);
  }

  /**
   * Makes the new keys the active ones. The old ones are accepted still.
   *
   * @returns the signed receipt, which names the supplements that are to be delivered too
   * @throws RenkeiError `ROTATION_INCOMPLETE`, `ROTATION_FOLDER`, `ROTATION_CONFLICT`
   */
  async switch(options: SwitchOptions): Promise<SignedReceipt> {
    checkOptions('switch', options, SWITCH_RULES);
    throwIfAborted(options.signal);
    return this.#logged('switch', () => switchRotation(this.#context, this.id, options), digestOf);
  }

  /**
   * Refuses the old keys from now on.
   *
   * @returns the signed receipt
   * @throws RenkeiError `ROTATION_TOO_EARLY`
   */
  async retire(options: RetireOptions = {}): Promise<SignedReceipt> {
    checkOptions('retire', options, RETIRE_RULES);
    throwIfAborted(options.signal);
    return this.#logged('retire', () => retireRotation(this.#context, this.id, options), digestOf);
  }

  /**
   * The keys that {@link Rotation.destroy} destroys, or has destroyed, for an operator to confirm. Link keys are none
   * of them.
   *
   * @throws RenkeiError `ROTATION_STATUS` before the rotation is retired
   */
  async keysToDestroy(): Promise<readonly ReceiptKey[]> {
    const rotation = await readRotation(this.#context, this.id);
    requireStatus(rotation, 'destroy', 'retired', 'destroyed');
    return destructible(rotation.plan);
  }

  /**
   * Destroys the old keys and proves it.
   *
   * @returns the signed receipt
   * @throws RenkeiError `KEY_STILL_PRESENT`, `KEY_FINGERPRINT_MISMATCH`
   */
  async destroy(options: DestroyOptions): Promise<SignedReceipt> {
    checkOptions('destroy', options, DESTROY_RULES);
    throwIfAborted(options.signal);
    const keys = destructible((await readRotation(this.#context, this.id, options.signal)).plan);
    return this.#logged('destroy', () => destroyKeys(this.#context, this.id, options), digestOf, {
      keys: keys.map(({ name }) => name),
      fingerprints: keys.map(({ fingerprint }) => fingerprint),
    });
  }

  /** A step, which is written down before it happens and after. */
  #logged<Result>(
    step: string,
    run: () => Promise<Result>,
    outcome: (result: Result) => LogDetails = () => ({}),
    details: LogDetails = {},
  ): Promise<Result> {
    const { log } = this.#context;
    return logged({
      log,
      event: `rotation.${step}`,
      details: { rotation: this.id, ...details },
      run,
      outcome: (result) => ({ rotation: this.id, ...outcome(result) }),
    });
  }

  #halt(from: RotationStatus, to: RotationStatus): Promise<void> {
    const step = to === 'paused' ? 'pause' : 'resume';
    return this.#logged(step, async () => {
      const rotation = await readRotation(this.#context, this.id);
      if (rotation.record.status === to) return;
      requireStatus(rotation, step, from);
      await moveOrRefuse(this.#context, rotation, step, { from, to });
    });
  }
}

/** How a receipt is named in the log. */
function digestOf(receipt: SignedReceipt): LogDetails {
  return { receipt: receiptDigest(receipt) };
}
