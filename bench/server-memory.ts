import { readFileSync } from 'node:fs';
import type { ScratchPostgres } from '../test/support/postgres.js';

const EVERY_MS = 1_000;

/**
 * Watches the memory of all processes of a server together, each shared page counted once (`Pss`). Nothing where the
 * kernel does not let us see them.
 */
export class ServerMemory {
  readonly #server: ScratchPostgres;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();
  #peakKib = 0;

  constructor(server: ScratchPostgres) {
    this.#server = server;
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#look());
    }, EVERY_MS);
  }

  /** Ends watching. @returns the most it had, in MiB */
  async end(): Promise<number | undefined> {
    clearInterval(this.#timer);
    await this.#running;
    return this.#peakKib === 0 ? undefined : this.#peakKib / 1024;
  }

  async #look(): Promise<void> {
    try {
      const processes = await this.#server.query('SELECT pid FROM pg_stat_activity');
      this.#peakKib = Math.max(
        this.#peakKib,
        processes.reduce((sum, { pid }) => sum + pssKib(pid as number), 0),
      );
    } catch {
      // A server that is busy is looked at again later.
    }
  }
}

function pssKib(pid: number): number {
  try {
    const [, kib] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    return Number(kib ?? 0);
  } catch {
    return 0;
  }
}
