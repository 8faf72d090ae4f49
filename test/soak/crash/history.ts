import { Lineage, type Step } from './lineage.js';

/** What an acknowledged answer or the store itself shows to be wrong. */
export type Violation = 'lost' | 'duplicated' | 'wrong';

/** The part of an operation that touches one lineage: its steps are done at one instant. */
interface OpenOperation {
  readonly steps: readonly Step[];
  /** It failed and was made again: attempts without an answer may have been done besides. */
  readonly retried: boolean;
}

/** One way in which things may have happened: what is on record now, and what the operations done by now answer. */
interface Possibility {
  readonly lineage: Lineage;
  readonly answers: ReadonlyMap<string, string>;
}

/** Which ways are open, of an operation that was cut off. */
export interface CutOff {
  readonly mayBeDone: boolean;
  readonly mayBeUndone: boolean;
}

/**
 * All that may have happened to one lineage. Operations that overlap may have been done in any order, one that was
 * cut off may have been done or not; nothing else is allowed. Every answer and every reading of the store must fit at
 * least one possibility.
 */
export class History {
  readonly #open = new Map<string, OpenOperation>();
  #possible: readonly Possibility[] = [{ lineage: Lineage.empty, answers: new Map() }];

  begin(operation: string, steps: readonly Step[], retried: boolean): void {
    this.#open.set(operation, { steps, retried });
  }

  /** Takes the answer to an operation; gives what is wrong with it. */
  end(operation: string, answers: readonly string[]): Violation | undefined {
    const reached = this.#reachable().filter((each) => each.answers.has(operation));
    const answer = answers.join();
    const fitting = reached.filter((each) => each.answers.get(operation) === answer);
    this.#open.delete(operation);
    this.#possible = distinct(
      (fitting.length > 0 ? fitting : reached).map((each) => without(each, operation)),
    );
    if (fitting.length > 0) return undefined;
    const expected = reached.map((each) => (each.answers.get(operation) as string).split(','));
    const twice = answers.some(
      (each, k) => each.startsWith('issued') && expected.every((one) => one[k]?.startsWith('already-issued')),
    );
    return twice ? 'duplicated' : 'wrong';
  }

  /** Holds what the store has on record against what may be there, while no operation runs. */
  observe(read: Lineage): { readonly violation?: Violation; readonly cutOff: ReadonlyMap<string, CutOff> } {
    const fitting = this.#reachable().filter(({ lineage }) => lineage.key === read.key);
    const cutOff = new Map<string, CutOff>();
    for (const operation of this.#open.keys()) {
      cutOff.set(operation, {
        mayBeDone: fitting.some(({ answers }) => answers.has(operation)),
        mayBeUndone: fitting.some(({ answers }) => !answers.has(operation)),
      });
    }
    if (fitting.length > 0) {
      this.#possible = fitting;
      return { cutOff };
    }
    this.#possible = [{ lineage: read, answers: new Map() }];
    return { violation: 'lost', cutOff: new Map() };
  }

  /** Forgets an operation that can do nothing any more. */
  forget(operation: string): void {
    if (!this.#open.delete(operation)) return;
    this.#possible = distinct(this.#possible.map((each) => without(each, operation)));
  }

  /** Everything that open operations may have made of what was possible, each done or not done yet. */
  #reachable(): readonly Possibility[] {
    const found = new Map(this.#possible.map((each) => [keyOf(each), each]));
    // A map that grows while it is walked through is walked to its new end.
    for (const { lineage, answers } of found.values()) {
      for (const [operation, { steps, retried }] of this.#open) {
        if (answers.has(operation)) continue;
        const done = doAll(lineage, steps);
        add(found, { lineage: done.lineage, answers: new Map(answers).set(operation, done.answers.join()) });
        if (retried) add(found, { lineage: done.lineage, answers });
      }
    }
    return [...found.values()];
  }
}

function doAll(lineage: Lineage, steps: readonly Step[]): { lineage: Lineage; answers: string[] } {
  const answers: string[] = [];
  let current = lineage;
  for (const step of steps) {
    const { lineage: next, answer } = current.after(step);
    current = next;
    answers.push(answer);
  }
  return { lineage: current, answers };
}

function add(found: Map<string, Possibility>, possibility: Possibility): void {
  const key = keyOf(possibility);
  if (!found.has(key)) found.set(key, possibility);
}

function without({ lineage, answers }: Possibility, operation: string): Possibility {
  const rest = new Map(answers);
  rest.delete(operation);
  return { lineage, answers: rest };
}

function distinct(possibilities: readonly Possibility[]): readonly Possibility[] {
  return [...new Map(possibilities.map((each) => [keyOf(each), each])).values()];
}

function keyOf({ lineage, answers }: Possibility): string {
  const said = [...answers].map(([operation, answer]) => `${operation}=${answer}`).sort();
  return `${lineage.key} ${said.join(' ')}`;
}
