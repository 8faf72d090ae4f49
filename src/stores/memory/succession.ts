import { Redacted } from '../../bytes/redacted.js';
import type { WriteOutcome } from '../port.js';

/** Store codes and the same people's codes under the store key that a rotation leads to: one to one. */
export class Succession extends Redacted {
  readonly #successors = new Map<string, string>();
  readonly #predecessors = new Map<string, string>();

  /** How many pairs there are. */
  get size(): number {
    return this.#successors.size;
  }

  /** All codes that have a successor. */
  codes(): IterableIterator<string> {
    return this.#successors.keys();
  }

  /** The code under the new store key. */
  successor(code: string): string | undefined {
    return this.#successors.get(code);
  }

  /** The code under the old one. */
  predecessor(successor: string): string | undefined {
    return this.#predecessors.get(successor);
  }

  /** Records a pair. */
  add(code: string, successor: string): WriteOutcome {
    const known = this.#successors.get(code);
    if (known !== undefined || this.#predecessors.has(successor)) {
      return known === successor ? 'existed' : 'conflict';
    }
    this.#successors.set(code, successor);
    this.#predecessors.set(successor, code);
    return 'inserted';
  }

  /** Forgets the successor of a code, and gives it. */
  forget(code: string): string | undefined {
    const successor = this.#successors.get(code);
    this.#successors.delete(code);
    if (successor !== undefined) this.#predecessors.delete(successor);
    return successor;
  }

  /** Forgets up to `limit` pairs; says how many. */
  discard(limit: number): number {
    const discarded = [...this.#successors.keys()].slice(0, limit);
    for (const code of discarded) this.forget(code);
    return discarded.length;
  }
}
