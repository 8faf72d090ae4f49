import { SingleBar } from 'cli-progress';
import { perSecond } from './figures.js';

/** Shows how far something is, and how fast it has been so far. */
export class Bar {
  readonly #start = performance.now();
  readonly #bar: SingleBar;

  constructor(what: string, total: number) {
    this.#bar = new SingleBar({ format: `  ${what} [{bar}] {value}/{total}  {rate}`, hideCursor: true });
    this.#bar.start(total, 0, { rate: '' });
  }

  /** Milliseconds since it was shown first. */
  get ms(): number {
    return performance.now() - this.#start;
  }

  /** So many are done. */
  update(done: number): void {
    this.#bar.update(done, { rate: perSecond(done, this.ms) });
  }

  /** Leaves the last figures where they are. */
  stop(): void {
    this.#bar.stop();
  }
}
