import { setTimeout as wait } from 'node:timers/promises';
import { Child } from '../../support/child.js';
import { WORKER_STEPS, type WorkerLine, type WorkerPlan, type WorkerStep } from './worker-plan.js';

/** When a worker is killed: so many milliseconds after it has begun a step, or one after that. */
export interface Doom {
  readonly step: WorkerStep;
  readonly delayMs: number;
}

/** A worker process that begins when it is told its plan, and may be killed with kill −9. */
export class DoomedWorker {
  readonly #child = new Child(new URL('worker.ts', import.meta.url), null);
  /** All that it said. */
  readonly lines: WorkerLine[] = [];

  /**
   * Lets it work until its doom, or until it ends by itself.
   *
   * @returns the step in which it was killed; undefined when it ended by itself
   * @throws Error when it failed
   */
  async work(plan: WorkerPlan, doom?: Doom): Promise<WorkerStep | undefined> {
    this.#child.tell(JSON.stringify(plan));
    const over = new AbortController();
    let reached = () => {};
    const doomed = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const reading = (async () => {
      for (;;) {
        const text = await this.#child.line();
        if (text === undefined) break;
        const line = JSON.parse(text) as WorkerLine;
        this.lines.push(line);
        if (line.event === 'step' && doom !== undefined && isReached(line.step, doom.step)) reached();
      }
      over.abort();
      reached();
    })();
    if (doom === undefined) await reading;
    else {
      await doomed;
      await wait(doom.delayMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
    await this.#child.kill();
    await reading;
    const last = this.lines.at(-1);
    if (last?.event === 'failed') throw new Error(`a worker failed: ${last.error}`);
    if (last?.event === 'done') return undefined;
    return this.lines.findLast((line) => line.event === 'step')?.step ?? 'open';
  }

  /** Ends a worker that has no work. */
  dismiss(): Promise<void> {
    return this.#child.kill();
  }
}

function isReached(step: WorkerStep, wanted: WorkerStep): boolean {
  return WORKER_STEPS.indexOf(step) >= WORKER_STEPS.indexOf(wanted);
}
