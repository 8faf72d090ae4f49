import { type CutOff, History, type Violation } from './history.js';
import type { Action, JournalLine } from './journal.js';
import { issueAnswer, Lineage } from './lineage.js';
import { lineageOf, type Part, partsOf, residentsIn } from './parts.js';
import { LINEAGE_CODES, type Population } from './population.js';
import type { StoreReading } from './store-reading.js';

const REPETITION = 'the repetition';

/** What a soak comes to. Requests are counted one by one, however many a batch has. */
export interface Totals {
  /** Requests that the library answered. */
  acknowledged: number;
  /** Lineages of which the store has not what was acknowledged, and batches of which it has a part. */
  lost: number;
  /** Codes said to be issued now that the institution had before. */
  duplicated: number;
  /** Answers that nothing explains, among them every code but the right one, and rows that nobody asked for. */
  wrong: number;
}

/**
 * An account of what must be on record, kept from what workers wrote down before and after each call: it is independent
 * of the library.
 */
export class Ledger {
  readonly totals: Totals = { acknowledged: 0, lost: 0, duplicated: 0, wrong: 0 };
  /** What is not as it should be, in words. */
  readonly findings: string[] = [];
  readonly #population: Population;
  readonly #histories = new Map<number, History>();
  readonly #open = new Map<string, { readonly action: Action; readonly parts: readonly Part[] }>();

  readonly #removals: boolean;

  /** @param removals whether people are deleted, too: a load that is continued then issues to them once more */
  constructor(population: Population, removals: boolean) {
    this.#population = population;
    this.#removals = removals;
  }

  /** Takes what the workers of a round have written; none of them runs any more. */
  take(lines: readonly JournalLine[]): void {
    const retried = new Set<string>();
    for (const line of lines) if (line.event === 'failed' && line.retryable) retried.add(line.operation);
    for (const line of [...lines].sort((a, b) => (BigInt(a.at) < BigInt(b.at) ? -1 : 1))) {
      if (line.event === 'begin') this.#begin(line.operation, line.action, retried.has(line.operation));
      else if (line.event === 'end') this.finish(line.operation, line.answers);
      else if (!line.retryable) this.report('wrong', `${line.operation} was rejected: ${line.error}`);
    }
  }

  /**
   * Holds the whole store, read while nobody writes, against the account, and goes on from what was read.
   *
   * @param resumable operations that may still be finished by another worker
   */
  observe({ lineages, strangers }: StoreReading, resumable: ReadonlySet<string>): void {
    for (let n = 0; n < strangers; n++) this.report('wrong', 'a row on record is of nobody');
    for (const number of lineages.keys()) {
      if (this.#histories.has(number)) continue;
      this.report('wrong', `nobody has asked for anything of lineage ${number}`);
      this.#history(number);
    }
    const cutOff = new Map<string, CutOff[]>();
    for (const [number, history] of this.#histories) {
      const seen = history.observe(lineages.get(number) ?? Lineage.empty);
      if (seen.violation !== undefined)
        this.report(seen.violation, `lineage ${number} is not on record as it should`);
      for (const [operation, ways] of seen.cutOff) {
        const known = cutOff.get(operation) ?? [];
        cutOff.set(operation, [...known, ways]);
      }
    }
    for (const [operation, ways] of cutOff) {
      const torn = ways.some((way) => !way.mayBeUndone) && ways.some((way) => !way.mayBeDone);
      if (torn) this.report('lost', `${operation} is stored in part`);
    }
    for (const [operation, { parts }] of this.#open) {
      if (resumable.has(operation)) continue;
      this.#open.delete(operation);
      for (const part of parts) this.#history(part.lineage).forget(part.name);
    }
  }

  /** Takes the answers to an operation. */
  finish(operation: string, answers: readonly string[]): void {
    this.totals.acknowledged += answers.length;
    this.#end(operation, answers);
  }

  /** Takes the answers to a repetition of what is on record, asked for while nobody else is at work. */
  repeat(action: Action, answers: readonly string[]): void {
    this.#begin(REPETITION, action, false);
    this.#end(REPETITION, answers);
  }

  /** Numbers of all lineages of which anything was ever asked. */
  get lineages(): Iterable<number> {
    return this.#histories.keys();
  }

  #begin(operation: string, action: Action, retried: boolean): void {
    // A load that another worker goes on with begins again.
    if (this.#open.has(operation)) return;
    const parts = partsOf(operation, action);
    this.#population.add(residentsIn(action));
    this.#open.set(operation, { action, parts });
    const again = action.kind === 'load' ? this.#removals : retried;
    for (const part of parts) this.#history(part.lineage).begin(part.name, part.steps, again);
  }

  #end(operation: string, answers: readonly string[]): void {
    const open = this.#open.get(operation);
    if (open === undefined) throw new Error(`${operation} ends and has not begun`);
    this.#open.delete(operation);
    for (const { name, lineage, places } of open.parts) {
      const said = places.map((place) => this.#plain(open.action, place, answers[place] ?? 'nothing'));
      const violation = this.#history(lineage).end(name, said);
      if (violation !== undefined)
        this.report(violation, `${operation} on lineage ${lineage}: ${said.join()}`);
    }
  }

  /** An answer without the code: whose code it is stands in its place. */
  #plain(action: Action, place: number, answer: string): string {
    const [status, text] = answer.split(' ');
    if (action.kind !== 'issue' && action.kind !== 'load') return answer;
    if (status !== 'issued' && status !== 'already-issued') return answer;
    const first = lineageOf(action.residents[place] as number) * LINEAGE_CODES;
    const own = Array.from({ length: LINEAGE_CODES }, (_, code) => code).find(
      (code) => this.#population.codeOf(first + code, action.institution) === text,
    );
    return issueAnswer(status, own);
  }

  #history(lineage: number): History {
    const history = this.#histories.get(lineage) ?? new History();
    this.#histories.set(lineage, history);
    return history;
  }

  /** Counts something that is not as it should be. */
  report(violation: Violation, finding: string): void {
    this.totals[violation]++;
    this.findings.push(`${violation}: ${finding}`);
  }
}
