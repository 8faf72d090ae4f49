import { setTimeout as wait } from 'node:timers/promises';
import { Child } from '../../support/child.js';
import type { WorkerLine, WorkerPlan } from './worker.js';

/** A worker process that begins when it is told its plan, and may be killed with kill −9. */
export class DoomedWorker {
  readonly #child = new Child(new URL('worker.ts', import.meta.url), null);
  /** All that it said. */
  readonly lines: WorkerLine[] = [];

  /**
   * Lets it work for so many milliseconds after it has opened the store; without a number until it ends by itself.
   *
   * @returns true when it was killed
   * @throws Error when it failed
   */
  async work(plan: WorkerPlan, forMs?: number): Promise<boolean> {
    this.#child.tell(JSON.stringify(plan));
    const opened = await this.#read();
    const reading = (async () => {
      while (await this.#read());
    })();
    if (opened && forMs !== undefined) {
      const giveUp = new AbortController();
      await Promise.race([reading, wait(forMs, undefined, { signal: giveUp.signal }).catch(() => undefined)]);
      giveUp.abort();
    } else await reading;
    const killed = !this.#child.ended && this.lines.at(-1)?.event !== 'done';
    await this.#child.kill();
    await reading;
    const last = this.lines.at(-1);
    if (last?.event === 'failed') throw new Error(`a worker failed: ${last.error}`);
    return killed && forMs !== undefined;
  }

  /** Ends a worker that has no work. */
  dismiss(): Promise<void> {
    return this.#child.kill();
  }

  async #read(): Promise<boolean> {
    const text = await this.#child.line();
    if (text === undefined) return false;
    this.lines.push(JSON.parse(text) as WorkerLine);
    return true;
  }
}
