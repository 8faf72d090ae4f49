import { wipe } from '../../bytes/wipe.js';
import type { AbortWatch } from '../../lifecycle/abort-watch.js';
import { WaitingCall } from '../../lifecycle/waiting-call.js';
import type { IssuanceItem } from '../batches/issuance-result.js';
import type { IssueOptions } from '../issuer-options.js';

/** One caller's request for one code, from the call to its answer. */
export class WaitingIssue extends WaitingCall<IssuanceItem> {
  /** 取得番号. */
  readonly acquisitionNumber: string;
  /** True where the code is wanted again if the institution has it already. */
  readonly reissue: boolean;
  readonly #digits: Uint8Array;

  /** @param digits 住民票コード, 11 ASCII digits; taken over, to be wiped */
  constructor(
    acquisitionNumber: string,
    digits: Uint8Array,
    { reissue, signal }: IssueOptions,
    watch: AbortWatch,
  ) {
    super(signal, watch);
    this.acquisitionNumber = acquisitionNumber;
    this.reissue = reissue === true;
    this.#digits = digits;
  }

  /** Moves the resident record code into a packed batch. */
  moveDigits(packed: Uint8Array, offset: number): void {
    packed.set(this.#digits, offset);
    wipe(this.#digits);
  }

  protected override release(): void {
    wipe(this.#digits);
  }
}
