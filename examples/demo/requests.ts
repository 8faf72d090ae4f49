import { randomInt } from 'node:crypto';
import { type Issuer, RenkeiError, ResidentRecordCode } from 'renkei';
import { type Holder, phaseOf } from './holder.js';
import { residentsFrom } from './population.js';

/** Requests that are under way at once. */
const LANES = 4;

/** Single requests, one after the other in a few lanes; every answer is held against what must hold just then. */
export class Requests {
  readonly #issuer: Issuer;
  readonly #holders: readonly Holder[];
  readonly #residents: number;
  readonly #sample: number;
  readonly #underWay = new Set<Promise<void>>();
  #lanes: Promise<void>[] = [];
  #isRunning = false;
  #failure: unknown;
  #newcomers = 0;
  #since = 0;
  /** Answers since the start, each as it must be. */
  answered = { translated: 0, retired: 0, issued: 0, again: 0, repeated: 0 };

  /**
   * @param residents of the main job; newcomers get the numbers after them
   * @param sample of these, those whose codes are known
   */
  constructor(issuer: Issuer, holders: readonly Holder[], residents: number, sample: number) {
    this.#issuer = issuer;
    this.#holders = holders;
    this.#residents = residents;
    this.#sample = sample;
  }

  /** Residents that anybody was asked to issue to so far. */
  get residents(): number {
    return this.#residents + this.#newcomers;
  }

  /** Begins to ask. */
  start(): void {
    this.answered = { translated: 0, retired: 0, issued: 0, again: 0, repeated: 0 };
    this.#since = performance.now();
    this.#isRunning = true;
    this.#lanes = Array.from({ length: LANES }, () => this.#lane());
  }

  /** Waits for all that is under way just now; fails with the first answer that was wrong. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends, whatever was answered. */
  async halt(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#lanes);
  }

  /** Ends; fails with the first answer that was wrong. @returns how long it was asked, in milliseconds */
  async stop(): Promise<number> {
    await this.halt();
    if (this.#failure !== undefined) throw this.#failure;
    return performance.now() - this.#since;
  }

  async #lane(): Promise<void> {
    while (this.#isRunning) {
      const asked = this.#ask().catch((error: unknown) => {
        this.#failure ??= error;
        this.#isRunning = false;
      });
      this.#underWay.add(asked);
      await asked;
      this.#underWay.delete(asked);
    }
  }

  #ask(): Promise<void> {
    const from = this.#holders[randomInt(this.#holders.length)] as Holder;
    const n = randomInt(this.#sample);
    const what = randomInt(4);
    if (what === 0) return this.#issueNew(from);
    if (what === 1) return this.#issueAgain(from, n);
    const others = this.#holders.filter((one) => one !== from);
    return this.#translate(from, others[randomInt(others.length)] as Holder, n);
  }

  async #translate(from: Holder, to: Holder, n: number): Promise<void> {
    const [began, toBegan] = [from.phase, to.phase];
    const next = from.newCode(n);
    const presented = next !== undefined && randomInt(2) === 0 ? next : (from.oldCode(n) as string);
    const [item] = await this.#issuer.translate([presented], { from: from.code, to: to.code });
    const isOld = presented !== next;
    if (item?.status === 'refused' && item.error === 'CODE_VERSION_RETIRED') {
      const isRight = isOld && item.version === from.version && from.phase >= phaseOf('retiring');
      if (!isRight) throw new Error('a code was refused as retired that is not');
      this.answered.retired++;
      return;
    }
    if (item?.status !== 'translated' || !to.mayBeAnswered(n, item.code, toBegan, to.phase)) {
      throw new Error(`a code of ${from.code} was not translated into the right code of ${to.code}`);
    }
    if (isOld && began >= phaseOf('retired')) throw new Error('a retired code was translated');
    this.answered.translated++;
  }

  async #issueNew(holder: Holder): Promise<void> {
    const n = this.residents;
    this.#newcomers++;
    const began = holder.phase;
    const item = await this.#issue(holder, n);
    if (item.status !== 'issued' || !holder.mayBeIssued(item.code, began, holder.phase)) {
      throw new Error(`a newcomer was not issued to as it must be at ${holder.code}`);
    }
    holder.add(n, item.code);
    this.answered.issued++;
  }

  async #issueAgain(holder: Holder, n: number): Promise<void> {
    const began = holder.phase;
    const item = await this.#issue(holder, n);
    const code = item.status === 'already-issued' ? item.code : undefined;
    if (code === undefined || !holder.mayBeAnswered(n, code, began, holder.phase)) {
      throw new Error(`a repeated request was not answered with the right code of ${holder.code}`);
    }
    this.answered.again++;
  }

  /** Asks once more where keys changed in between: the residents of the first call are wiped. */
  async #issue(holder: Holder, n: number) {
    const acquisitionNumber = `single-${n}`;
    for (;;) {
      const residentRecordCode = new ResidentRecordCode(Buffer.from(residentsFrom(n, 1)).toString('latin1'));
      try {
        const request = { acquisitionNumber, residentRecordCode };
        return await this.#issuer.issue(holder.code, request, { reissue: true });
      } catch (error) {
        if (!(error instanceof RenkeiError) || error.code !== 'KEYS_CHANGED') throw error;
        this.answered.repeated++;
      }
    }
  }
}
