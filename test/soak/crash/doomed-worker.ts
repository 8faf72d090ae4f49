import { watch } from 'node:fs/promises';
import { Child } from '../../support/child.js';
import { type JournalLine, readJournal } from './journal.js';
import type { WorkerPlan } from './worker.js';

/** When a worker is killed. */
export interface Doom {
  /** After how many operations that began and that were acknowledged, both counted. */
  readonly lines: number;
  /** How many milliseconds, or how many writes to the store's files, later. */
  readonly delayMs: number;
  readonly writes?: number;
}

/** How long a worker may take to begin, and then to get as far; it is killed after that all the same. */
const BEGIN_PATIENCE_MS = 10_000;
const PATIENCE_MS = 4_000;
const WRITE_PATIENCE_MS = 300;

/** A worker process that waits for its plan, works, and is killed with kill −9. */
export class DoomedWorker {
  readonly #child = new Child(new URL('worker.ts', import.meta.url), null);

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Lets it work until its doom.
   *
   * @param folder where the store writes
   * @returns what it has written down, and whether it was killed rather than ended by itself
   */
  async work(
    plan: WorkerPlan,
    doom: Doom,
    folder: string,
  ): Promise<{ readonly lines: JournalLine[]; readonly killed: boolean }> {
    const texts: string[] = [];
    let lines = 0;
    let reached = () => {};
    const time = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let patience = setTimeout(reached, BEGIN_PATIENCE_MS);
    if (doom.lines === 0) reached();
    this.#child.tell(JSON.stringify(plan));
    const reading = (async () => {
      for (;;) {
        const text = await this.#child.line();
        if (text === undefined) break;
        texts.push(text);
        // While a server is down, calls that fail come thick and fast.
        if (text.startsWith('{"event":"failed"')) continue;
        if (++lines === 1) {
          clearTimeout(patience);
          patience = setTimeout(reached, PATIENCE_MS);
        }
        if (lines === doom.lines) reached();
      }
      reached();
    })();
    await time;
    clearTimeout(patience);
    let killed = false;
    try {
      if (doom.writes !== undefined) await writesTo(folder, doom.writes);
      else await new Promise((resolve) => setTimeout(resolve, doom.delayMs));
    } finally {
      killed = !this.#child.ended;
      await this.#child.kill();
      await reading;
      clearTimeout(patience);
    }
    return { lines: readJournal(texts), killed };
  }

  /** Ends a worker that has no work. */
  dismiss(): Promise<void> {
    return this.#child.kill();
  }
}

/** Waits until files of a folder were written to so many times, which is in the middle of something; not forever. */
async function writesTo(folder: string, writes: number): Promise<void> {
  const giveUp = new AbortController();
  const patience = setTimeout(() => giveUp.abort(), WRITE_PATIENCE_MS);
  try {
    let seen = 0;
    for await (const _ of watch(folder, { signal: giveUp.signal })) if (++seen === writes) return;
  } catch (error) {
    // A folder that is gone by now belonged to a load that is done.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ABORT_ERR' && code !== 'ENOENT') throw error;
  } finally {
    clearTimeout(patience);
  }
}
