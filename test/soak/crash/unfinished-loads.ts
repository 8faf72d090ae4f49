import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Issuer } from 'renkei';
import type { JournalLine } from './journal.js';
import { eraseLoad, performLoad } from './perform-load.js';
import type { UnfinishedLoad } from './worker.js';

/** The bulk loads whose workers were killed: others go on with them. */
export class UnfinishedLoads {
  /** Folder of the loads. */
  readonly folder = mkdtempSync(join(tmpdir(), 'renkei-crash-loads-'));
  readonly #loads = new Map<string, UnfinishedLoad>();

  /** Takes what the workers of a round have written. */
  take(lines: readonly JournalLine[]): void {
    for (const line of lines) {
      if (line.event === 'begin' && line.action.kind === 'load') {
        const { operation, action } = line;
        this.#loads.set(operation, { operation, action });
      }
    }
    for (const line of lines) if (line.event === 'end') this.#loads.delete(line.operation);
  }

  /** Names of the loads. */
  get operations(): ReadonlySet<string> {
    return new Set(this.#loads.keys());
  }

  /** The n-th of them, for a worker to go on with. */
  at(n: number): UnfinishedLoad | undefined {
    return [...this.#loads.values()][n];
  }

  /** The folder in which a worker begins, made for it. */
  folderOf(operation: string): string {
    const folder = join(this.folder, operation);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Finishes all of them. @param done takes the answers to each */
  async finish(
    issuer: Issuer,
    done: (load: UnfinishedLoad, answers: readonly string[]) => void,
  ): Promise<void> {
    for (const load of this.#loads.values()) {
      const folder = join(this.folder, load.operation);
      done(load, await performLoad(issuer, load.action, folder));
      await eraseLoad(issuer, load.action, folder);
    }
    this.#loads.clear();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
