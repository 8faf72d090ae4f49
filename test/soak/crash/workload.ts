import type { Dice } from './dice.js';
import type { Action, IssueAction } from './journal.js';
import { INSTITUTIONS, LINEAGE_CODES } from './population.js';

/** What a worker does all the time. */
export type Role = 'load' | 'issue' | 'single' | 'change' | 'remove';

/** Lineages that all workers want all the time, and those that they want now and then. */
const HOT_LINEAGES = 12;
const WARM_LINEAGES = 400;
/** Lineages of a worker's own, out of everybody's way. */
const COLD_LINEAGES = 1_000_000;

/** How many people are a worker's own, by what it does. */
const COLD: Readonly<Record<Role, number>> = { load: 0.9, issue: 0.5, single: 0.5, change: 0.1, remove: 0 };

const BATCH_ROWS = 200;
const PAIRS = 20;
const REMOVALS = 4;
const LOAD_ROWS = 1_000;

/** Chooses what one worker asks for, the same for the same throws. */
export class Workload {
  readonly #dice: Dice;
  #nextCold: number;

  /** @param worker number of the worker, like no other's in the same store */
  constructor(dice: Dice, worker: number) {
    this.#dice = dice;
    this.#nextCold = HOT_LINEAGES + WARM_LINEAGES + worker * COLD_LINEAGES;
  }

  /** People for whom codes are wanted in one call, or in one bulk load. */
  issue(role: 'load' | 'issue' | 'single'): IssueAction {
    const rows = { load: LOAD_ROWS, issue: 1 + this.#dice.below(BATCH_ROWS), single: 1 }[role];
    return {
      kind: role === 'load' ? 'load' : 'issue',
      institution: this.#dice.oneOf(INSTITUTIONS),
      residents: this.#residents(rows, role),
    };
  }

  remove(): Action {
    return { kind: 'remove', residents: this.#residents(1 + this.#dice.below(REMOVALS), 'remove') };
  }

  change(): Action {
    const pairs = Array.from({ length: 1 + this.#dice.below(PAIRS) }, () => {
      const from = this.#resident('change');
      const to =
        from - (from % LINEAGE_CODES) + ((from + 1 + this.#dice.below(LINEAGE_CODES - 1)) % LINEAGE_CODES);
      return { from, to };
    });
    return { kind: 'change', residents: pairs.map(({ from }) => from), to: pairs.map(({ to }) => to) };
  }

  #residents(count: number, role: Role): number[] {
    return Array.from({ length: count }, () => this.#resident(role));
  }

  #resident(role: Role): number {
    const dice = this.#dice;
    if (dice.chance(COLD[role])) return this.#nextCold++ * LINEAGE_CODES;
    // A load stays open for long: everything that happens meanwhile to one of its people may have come before or after.
    const hot = role !== 'load' && dice.chance(0.2);
    const lineage = hot ? dice.below(HOT_LINEAGES) : HOT_LINEAGES + dice.below(WARM_LINEAGES);
    // Most people have never had another resident record code.
    return lineage * LINEAGE_CODES + (dice.chance(0.6) ? 0 : dice.below(LINEAGE_CODES));
  }
}
