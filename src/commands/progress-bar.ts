import { SingleBar } from 'cli-progress';
import type { WorkProgress } from 'renkei';

/** Shows on standard error how far a worker and its rotation are; nothing where that is no terminal. */
export class ProgressBar {
  readonly #bar = new SingleBar({
    format: '  parts [{bar}] {value}/{total}  {rows} rows  {rate} rows/s',
    hideCursor: true,
    stream: process.stderr,
  });

  constructor(parts: number) {
    this.#bar.start(parts, 0, { rows: '0', rate: '0' });
  }

  /** Takes the latest figures. */
  readonly update = ({ done, rows, rate }: WorkProgress): void => {
    this.#bar.update(done, { rows: rows.toLocaleString('en'), rate: Math.round(rate).toLocaleString('en') });
  };

  /** Leaves the last figures where they are. */
  stop(): void {
    this.#bar.stop();
  }
}
