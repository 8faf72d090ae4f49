import { INSTITUTIONS, LINEAGE_CODES } from './population.js';

/** One step of an operation on a lineage; resident record codes are named by their places in it. */
export type Step =
  | { readonly kind: 'issue'; readonly code: number; readonly institution: string }
  | { readonly kind: 'change'; readonly code: number; readonly to: number }
  | { readonly kind: 'remove'; readonly code: number };

const NOBODY = -1;

/**
 * What is on record of a lineage, after the doc comments of the store port: for each resident record code the one
 * whose person it is, and for each person the institutions with a code. Immutable.
 */
export class Lineage {
  readonly #own: readonly number[];
  /** One bit an institution. */
  readonly #held: readonly number[];
  /** Alike for lineages alike. */
  readonly key: string;

  private constructor(own: readonly number[], held: readonly number[]) {
    this.#own = own;
    this.#held = held;
    this.key = `${own.join()} ${held.join()}`;
  }

  /** Nobody is known. */
  static readonly empty = new Lineage(everyCode(NOBODY), everyCode(0));

  /** A lineage as it was read: the person's own code by code, and the institutions by person. */
  static of(own: ReadonlyMap<number, number>, holders: ReadonlyMap<number, readonly string[]>): Lineage {
    return new Lineage(
      everyCode(NOBODY).map((nobody, code) => own.get(code) ?? nobody),
      everyCode(0).map((none, code) =>
        (holders.get(code) ?? []).reduce((bits, each) => bits | bit(each), none),
      ),
    );
  }

  /** The person's own code; `undefined` for a code nobody has. */
  own(code: number): number | undefined {
    const own = this.#own[code] as number;
    return own === NOBODY ? undefined : own;
  }

  /** Institutions that hold a code of the person who has this code for their own. */
  holders(own: number): readonly string[] {
    return INSTITUTIONS.filter((institution) => ((this.#held[own] as number) & bit(institution)) !== 0);
  }

  /** Does one step. The answer has the form of {@link issueAnswer}, or is what the issuer says. */
  after(step: Step): { readonly lineage: Lineage; readonly answer: string } {
    const own = this.own(step.code) ?? step.code;
    if (step.kind === 'issue') return this.#issue(own, step.institution);
    if (step.kind === 'change') return this.#change(own, step.to);
    return this.#remove(step.code);
  }

  #issue(own: number, institution: string): { lineage: Lineage; answer: string } {
    const held = this.#held[own] as number;
    const issued = (held & bit(institution)) === 0;
    const lineage = issued
      ? new Lineage(this.#own.with(own, own), this.#held.with(own, held | bit(institution)))
      : this;
    return { lineage, answer: issueAnswer(issued ? 'issued' : 'already-issued', own) };
  }

  #change(own: number, to: number): { lineage: Lineage; answer: string } {
    if ((this.own(to) ?? to) === own) return { lineage: this, answer: 'already-changed' };
    if (this.own(to) !== undefined) return { lineage: this, answer: 'conflict' };
    return {
      lineage: new Lineage(this.#own.with(own, own).with(to, own), this.#held),
      answer: 'changed',
    };
  }

  #remove(code: number): { lineage: Lineage; answer: string } {
    const own = this.own(code);
    if (own === undefined) return { lineage: this, answer: 'not-held' };
    const codes = this.#own.filter((each) => each === own).length;
    const lineage = new Lineage(
      this.#own.map((each) => (each === own ? NOBODY : each)),
      this.#held.with(own, 0),
    );
    return { lineage, answer: `removed ${[codes, ...this.holders(own)].join(' ')}` };
  }
}

/** The answer that a code was issued, or was before; which code is said by whose it is. */
export function issueAnswer(status: 'issued' | 'already-issued', own: number | undefined): string {
  return `${status} ${own ?? 'a wrong code'}`;
}

function everyCode(value: number): number[] {
  return Array.from({ length: LINEAGE_CODES }, () => value);
}

function bit(institution: string): number {
  return 1 << INSTITUTIONS.indexOf(institution);
}
