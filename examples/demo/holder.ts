import { parsePerInstitutionCode } from 'renkei';

/** Where a rotation is, as an institution sees it: what it may present, and what it must be answered. */
export const PHASES = ['working', 'delivered', 'switching', 'switched', 'retiring', 'retired'] as const;

/** One of {@link PHASES}, by its place. */
export type Phase = number;

/** The place of a phase: later ones are greater. */
export const phaseOf = (name: (typeof PHASES)[number]): Phase => PHASES.indexOf(name);

/** The codes that an institution has for one resident. */
interface Held {
  old?: string;
  new?: string;
}

/** An institution: the codes that it holds for the residents that the demo follows, by the resident's number. */
export class Holder {
  readonly #people = new Map<number, Held>();
  readonly #byOldCode = new Map<string, number>();
  /** The version of its key when the rotation began. */
  #version = 1;
  /** Where the rotation of its key is. */
  phase: Phase = phaseOf('working');

  constructor(
    /** 機関コード. */
    readonly code: string,
    samples: readonly string[],
  ) {
    for (const [n, code] of samples.entries()) this.add(n, code);
  }

  /** The version that is replaced. */
  get version(): number {
    return this.#version;
  }

  /** Residents who have a code here. */
  get people(): readonly number[] {
    return [...this.#people.keys()];
  }

  /** A code that was issued just now, of one version or the other. */
  add(n: number, code: string): void {
    if (this.isNew(code)) this.#people.set(n, { new: code });
    else {
      this.#people.set(n, { old: code });
      this.#byOldCode.set(code, n);
    }
  }

  /** Takes pairs of a delivery in. Others than those of residents that the demo follows are passed over. */
  take(oldCodes: readonly string[], newCodes: readonly string[]): void {
    for (const [k, old] of oldCodes.entries()) {
      const n = this.#byOldCode.get(old);
      if (n !== undefined) this.#people.set(n, { old, new: newCodes[k] as string });
    }
  }

  /** The old code of a resident; undefined for one who has only the new one. */
  oldCode(n: number): string | undefined {
    return this.#people.get(n)?.old;
  }

  /** The new code of a resident; undefined before the delivery. */
  newCode(n: number): string | undefined {
    return this.#people.get(n)?.new;
  }

  /** What may be answered for a resident to a request that was under way from one phase to another. */
  mayBeAnswered(n: number, code: string, from: Phase, to: Phase): boolean {
    const { old, new: next } = this.#people.get(n) ?? {};
    return (code === old && from < phaseOf('switched')) || (code === next && to >= phaseOf('switching'));
  }

  /** Whether a code may be issued by a request that was under way from one phase to another: by its version. */
  mayBeIssued(code: string, from: Phase, to: Phase): boolean {
    return this.isNew(code) ? to >= phaseOf('switching') : from < phaseOf('switched');
  }

  /** Whether a code is of the version that replaces the other. */
  isNew(code: string): boolean {
    const { version } = parsePerInstitutionCode(code);
    if (version !== this.#version && version !== this.#version + 1) {
      throw new Error(`a code of version ${version} was handed out`);
    }
    return version > this.#version;
  }

  /** The rotation is over: everybody has a new code, and the old ones are forgotten. */
  forgetOldCodes(): void {
    this.#version++;
    this.phase = phaseOf('working');
    this.#byOldCode.clear();
    for (const [n, { new: code }] of this.#people) {
      if (code === undefined) throw new Error(`no delivery had the code of resident ${n}`);
      this.#people.set(n, { old: code });
      this.#byOldCode.set(code, n);
    }
  }
}
