/** One person from the first issuance or change to the deletion: whoever is issued to again is another. */
export class Person {
  /** By generation, the resident record codes that lead to the person there. */
  readonly names = new Map<number, Set<number>>();
  /** By generation, the resident record code that the person's codes are made from. */
  readonly roots = new Map<number, number>();
  /** Institutions that hold a code, with the key version it was first issued under. */
  readonly holders = new Map<string, number>();

  namesIn(generation: number): ReadonlySet<number> {
    return this.names.get(generation) ?? new Set();
  }

  /** Lets a resident record code lead to the person in a generation; the first of all is what codes are made from. */
  name(generation: number, resident: number): void {
    this.names.set(generation, new Set(this.namesIn(generation)).add(resident));
  }

  /** Nothing of the person is left in a generation. */
  forget(generation: number): void {
    this.names.delete(generation);
    this.roots.delete(generation);
  }
}

/** What becomes of a change of a resident record code. */
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

  /** Everybody goes into the next generation with all resident record codes: nothing of a person depends on a list. */
  succeed(generation: number): void {
    for (const person of this.everybody) {
      for (const name of person.namesIn(generation)) person.name(generation + 1, name);
      const root = person.roots.get(generation);
      if (root !== undefined) person.roots.set(generation + 1, root);
    }
  }

  /** One resident record code is given for the next generation: what it led to, it leads to there. */
  receive(generation: number, resident: number): void {
    const person = this.named(generation, resident);
    if (person === undefined || person.namesIn(generation + 1).has(resident)) return;
    const isOwn = person.roots.get(generation) === resident;
    // A person whose codes are made from another one there keeps it.
    if (isOwn && person.roots.has(generation + 1)) return;
    if (isOwn) person.roots.set(generation + 1, resident);
    person.name(generation + 1, resident);
  }

  /**
   * After a list, codes of people whose first resident record code was not in it are made from another of theirs.
   *
   * @param lowest which one it is, of several
   */
  lend(generation: number, lowest: (residents: readonly number[]) => number): void {
    for (const person of this.everybody) {
      const names = [...person.namesIn(generation + 1)];
      if (!person.roots.has(generation + 1) && names.length > 0)
        person.roots.set(generation + 1, lowest(names));
    }
  }

  forget(generation: number): void {
    for (const person of this.everybody) person.forget(generation);
  }
}
