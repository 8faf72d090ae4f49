import { Redacted } from '../../bytes/redacted.js';
import { wipe } from '../../bytes/wipe.js';
import { abortedError } from '../../errors/abort.js';
import type { AbortWatch } from '../../lifecycle/abort-watch.js';
import type { IssuanceItem } from '../batches/issuance-result.js';
import type { IssueOptions } from '../issuer-options.js';

/** One caller's request for one code, from the call to its answer. */
export class WaitingIssue extends Redacted {
  /** 取得番号. */
  readonly acquisitionNumber: string;
  /** True where the code is wanted again if the institution has it already. */
  readonly reissue: boolean;
  /** What the caller awaits. */
  readonly answer: Promise<IssuanceItem>;
  readonly #digits: Uint8Array;
  readonly #signal: AbortSignal | undefined;
  readonly #watch: AbortWatch;
  readonly #onAbort: () => void;
  #whenLeft: () => void = () => undefined;
  #resolve!: (item: IssuanceItem) => void;
  #reject!: (error: unknown) => void;
  #isOpen = true;

  /** @param digits 住民票コード, 11 ASCII digits; taken over, to be wiped */
  constructor(
    acquisitionNumber: string,
    digits: Uint8Array,
    { reissue, signal }: IssueOptions,
    watch: AbortWatch,
  ) {
    super();
    this.acquisitionNumber = acquisitionNumber;
    this.reissue = reissue === true;
    this.#digits = digits;
    this.#signal = signal;
    this.#watch = watch;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#onAbort = () => {
      this.fail(abortedError());
      this.#whenLeft();
    };
    if (signal !== undefined) watch.add(signal, this.#onAbort);
  }

  /** False once the caller has an answer, or has given up. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Says what to do when the caller gives up, in place of what was said before. */
  whenLeft(action: () => void): void {
    this.#whenLeft = action;
  }

  /** Moves the resident record code into a packed batch. */
  moveDigits(packed: Uint8Array, offset: number): void {
    packed.set(this.#digits, offset);
    wipe(this.#digits);
  }

  /** From now on it is too late to give up. */
  commit(): void {
    if (this.#signal !== undefined) this.#watch.remove(this.#signal, this.#onAbort);
  }

  /** Answers the caller. The first answer counts. */
  resolve(item: IssuanceItem): void {
    this.#close();
    this.#resolve(item);
  }

  /** Fails the caller's call, unless it has its answer. */
  fail(error: unknown): void {
    this.#close();
    this.#reject(error);
  }

  #close(): void {
    this.#isOpen = false;
    wipe(this.#digits);
    this.commit();
  }
}
