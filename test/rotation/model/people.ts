/** One person from the first issuance or change to the deletion: whoever is issued to again is another. */
export class Person {
  /** By generation, the resident record codes that lead to the person there. */
  readonly names = new Map<number, Set<number>>();
  /** By generation, the resident record code that the person's codes are made from. */
  readonly roots = new Map<number, number>();
  /** Institutions that hold a code, with the key version it was first issued under. */
  readonly holders = new Map<string, number>();

  /** Lets a resident record code lead to the person in a generation; the first of all is what codes are made from. */
  name(generation: number, resident: number): void {
    const names = this.names.get(generation) ?? new Set();
    this.names.set(generation, names.add(resident));
  }

  namesIn(generation: number): ReadonlySet<number> {
    return this.names.get(generation) ?? new Set();
  }
}

/** What became of a change of a resident record code. */
export type ChangeOutcome = 'changed' | 'already-changed' | 'conflict' | 'RESIDENT_RECORD_CODE_UNCHANGED';

/** Everybody who is on record. */
export class People {
  readonly everybody = new Set<Person>();

  /** The person whom a resident record code leads to. */
  named(generation: number, resident: number): Person | undefined {
    for (const person of this.everybody) if (person.namesIn(generation).has(resident)) return person;
    return undefined;
  }

  /** The person whose codes of a generation are made from a resident record code. */
  rooted(generation: number, root: number): Person | undefined {
    for (const person of this.everybody) if (person.roots.get(generation) === root) return person;
    return undefined;
  }

  /** The person whom a resident record code leads to, who is put on record where it leads to nobody. */
  known(generation: number, resident: number): Person {
    const known = this.named(generation, resident);
    if (known !== undefined) return known;
    const person = new Person();
    person.roots.set(generation, resident);
    person.name(generation, resident);
    this.everybody.add(person);
    return person;
  }

  change(generation: number, old: number, after: number): ChangeOutcome {
    if (old === after) return 'RESIDENT_RECORD_CODE_UNCHANGED';
    const other = this.named(generation, after);
    if (other !== undefined) return other === this.named(generation, old) ? 'already-changed' : 'conflict';
    this.known(generation, old).name(generation, after);
    return 'changed';
  }

  remove(generation: number, resident: number): Person | undefined {
    const person = this.named(generation, resident);
    if (person !== undefined) this.everybody.delete(person);
    return person;
  }

  /** People who hold a code of an institution. */
  holdersOf(institution: string): Person[] {
    return [...this.everybody].filter(({ holders }) => holders.has(institution));
  }
}
