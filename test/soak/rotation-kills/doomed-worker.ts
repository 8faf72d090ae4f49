import { setTimeout as wait } from 'node:timers/promises';
import { Child } from '../../support/child.js';
import { WORKER_STEPS, type WorkerLine, type WorkerPlan, type WorkerStep } from './worker-plan.js';

/** When a worker is killed: so many milliseconds after it has begun a step, or one after that. */
export interface Doom {
  readonly step: WorkerStep;
  readonly delayMs: number;
}

/** How long a worker may take at most: many times as long as a rotation of so few people takes. */
const LIMIT_MS = 60_000;

/** A worker process that begins when it is told its plan, and may be killed with kill −9. */
export class DoomedWorker {
  readonly #child = new Child(new URL('worker.ts', import.meta.url), null);
  /** All that it said. */
  readonly lines: WorkerLine[] = [];

  /**
   * Lets it work until its doom, or until it ends by itself.
   *
   * @param patience at whose end it is killed whatever its doom is, so that nobody waits for ever
   * @returns the step in which it was killed; undefined when it ended by itself
   * @throws Error when it failed, or was at it for too long: then with what it was waiting for
   */
  async work(
    plan: WorkerPlan,
    doom?: Doom,
    patience = AbortSignal.timeout(LIMIT_MS),
  ): Promise<WorkerStep | undefined> {
    this.#child.tell(JSON.stringify(plan));
    const end = () => void this.#child.kill();
    patience.addEventListener('abort', end, { once: true });
    try {
      await this.#untilOver(doom);
    } finally {
      patience.removeEventListener('abort', end);
    }
    const last = this.lines.at(-1);
    if (last?.event === 'done') return undefined;
    if (last?.event === 'failed') throw new Error(`a worker failed: ${last.error}`);
    if (patience.aborted) throw new Error(`a worker was at it for too long, ${this.#lastSeen()}`);
    return this.#step();
  }

  /** Reads what it says until it has ended, or kills it when its doom comes. */
  async #untilOver(doom: Doom | undefined): Promise<void> {
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
  }

  #step(): WorkerStep {
    return this.lines.findLast((line) => line.event === 'step')?.step ?? 'open';
  }

  #lastSeen(): string {
    const again = this.lines.findLast((line) => line.event === 'again');
    return `last in the step ${this.#step()}, ${again === undefined ? 'without an error' : `after ${again.error}`}`;
  }
}

function isReached(step: WorkerStep, wanted: WorkerStep): boolean {
  return WORKER_STEPS.indexOf(step) >= WORKER_STEPS.indexOf(wanted);
}
