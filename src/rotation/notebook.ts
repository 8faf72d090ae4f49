import type { VaultEngine } from '../vault/port.js';
import type { PartFile } from './part-file.js';
import type { SignedReceipt } from './receipts.js';
import { readRecord } from './stored-plan.js';

/** A file of pairs of rows that were written while the work ran. */
export interface Supplement extends PartFile {
  /** Which of the plan's deliveries it belongs to. */
  readonly delivery: number;
  /** What computed its codes. */
  readonly engines: readonly VaultEngine[];
}

/** One line of a rotation's notebook: JSON. */
type Line = { readonly supplement: Supplement } | { readonly receipt: SignedReceipt };

/** What a rotation has written down of itself in the store, in the order in which it was written. */
export class Notebook {
  readonly #lines: readonly Line[];

  private constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  static read(text: string): Notebook {
    return new Notebook(
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => readRecord('a notebook', line) as Line),
    );
  }

  /** With one line more. */
  with(line: Line): Notebook {
    return new Notebook([...this.#lines, line]);
  }

  /** All receipts, the oldest first. */
  get receipts(): readonly SignedReceipt[] {
    return this.#lines.flatMap((line) => ('receipt' in line ? [line.receipt] : []));
  }

  /** Supplements since the last receipt: those that are in no delivery yet. */
  get openSupplements(): readonly Supplement[] {
    const last = this.#lines.findLastIndex((line) => 'receipt' in line);
    return this.#lines.slice(last + 1).flatMap((line) => ('supplement' in line ? [line.supplement] : []));
  }

  toString(): string {
    return this.#lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  }
}
