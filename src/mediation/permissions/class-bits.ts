/** A set of classes, as bits. All sets of one {@link ClassBits} have the same length. */
export type ClassSet = Uint32Array;

/** Numbers the classes that cells name, so that "is the institution of one of these" is a few AND operations. */
export class ClassBits {
  readonly #numbers = new Map<string, number>();

  /** @param names all that any cell names */
  constructor(names: Iterable<string>) {
    for (const name of names) {
      if (!this.#numbers.has(name)) this.#numbers.set(name, this.#numbers.size);
    }
  }

  /** The set of these classes; what no cell names is left out. */
  setOf(names: Iterable<string>): ClassSet {
    const set = new Uint32Array(Math.ceil(this.#numbers.size / 32));
    for (const name of names) {
      const number = this.#numbers.get(name);
      if (number !== undefined) set[number >>> 5] = (set[number >>> 5] as number) | (1 << (number & 31));
    }
    return set;
  }
}

/** True when two sets have a class in common. */
export function share(a: ClassSet, b: ClassSet): boolean {
  for (let k = 0; k < a.length; k++) {
    if (((a[k] as number) & (b[k] as number)) !== 0) return true;
  }
  return false;
}
