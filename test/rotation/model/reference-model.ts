import type { KeyState } from '../../../src/stores/port.js';
import type { RotationStatus } from '../../../src/stores/rotation-port.js';
import { type ChangeOutcome, People, type Person } from './people.js';
import { Texts } from './texts.js';

/** A version of an institution's key. */
export interface Version {
  state: KeyState;
  /** Generation of linkage codes that its codes carry. */
  readonly generation: number;
}

/** A version that takes the place of another when a rotation is switched. */
export interface Succession {
  readonly institution: string;
  readonly from: number;
  readonly to: number;
}

/** A rotation, as far as it shows. */
export interface ModelRotation {
  readonly id: number;
  readonly kind: 'institution' | 'store' | 'generation' | 'record-period';
  readonly source?: 'store' | 'list';
  /** An institution, or `*` for all. */
  readonly subject: string;
  /** Name of the store key that rows are under when it is begun. */
  readonly storeKey: string;
  status: RotationStatus;
  /** Versions that change with it. */
  readonly versions: Succession[];
  /** Steps that left a receipt. */
  readonly receipts: Set<string>;
  /** True while parts may be open. */
  open: boolean;
}

/** What is expected of a code that an institution presents. */
export type Presented = { readonly person: Person } | { readonly error: string; readonly version?: number };

export const OPEN: readonly RotationStatus[] = ['running', 'paused', 'verified'];
const OVER: readonly RotationStatus[] = ['retired', 'destroyed', 'aborted'];

/**
 * All that is to be said of the answers without knowing how a code is made: people have resident record codes,
 * institutions hold people, key versions have states.
 */
export class ReferenceModel {
  readonly people = new People();
  readonly texts = new Texts();
  /** Versions by institution, by number. */
  readonly institutions = new Map<string, Map<number, Version>>();
  readonly rotations: ModelRotation[] = [];
  /** The record period of now: a fiscal year. */
  period = 2026;
  generation = 1;

  register(institution: string, version: number): 'inserted' | 'existed' {
    const versions = this.institutions.get(institution) ?? new Map<number, Version>();
    if (versions.has(version)) return 'existed';
    versions.set(version, {
      state: versions.size === 0 ? 'active' : 'pre-active',
      generation: this.generation,
    });
    this.institutions.set(institution, versions);
    return 'inserted';
  }

  version(institution: string, version: number): Version | undefined {
    return this.institutions.get(institution)?.get(version);
  }

  /** The version under which an institution is given codes. */
  active(institution: string): number {
    for (const [version, { state }] of this.institutions.get(institution) ?? [])
      if (state === 'active') return version;
    throw new Error(`the model has no active version of ${institution}`);
  }

  issue(institution: string, resident: number): { person: Person; status: 'issued' | 'already-issued' } {
    const person = this.people.known(this.generation, resident);
    this.#receive(resident);
    if (person.holders.has(institution)) return { person, status: 'already-issued' };
    person.holders.set(institution, this.active(institution));
    return { person, status: 'issued' };
  }

  change(old: number, after: number): ChangeOutcome {
    const outcome = this.people.change(this.generation, old, after);
    if (outcome === 'changed' || outcome === 'already-changed') this.#receive(after);
    return outcome;
  }

  remove(resident: number): Person | undefined {
    return this.people.remove(this.generation, resident);
  }

  /** What a text is of a person, in the generation of its version. */
  meaning(person: Person, institution: string, version: number) {
    const generation = this.version(institution, version)?.generation as number;
    return { root: person.roots.get(generation) as number, institution, version };
  }

  /** What is expected of a text that the institution received once. */
  present(institution: string, text: string): Presented {
    const meaning = this.texts.meaning(text);
    if (meaning === undefined) throw new Error('the model does not know the text');
    const { version, root } = meaning;
    const key = this.version(institution, version);
    if (key === undefined) return { error: 'CODE_VERSION_UNKNOWN' };
    if (key.state === 'retired' || key.state === 'destroyed')
      return { error: 'CODE_VERSION_RETIRED', version };
    if (key.state === 'pre-active' && !this.#isDelivered(institution, version))
      return { error: 'CODE_VERSION_UNKNOWN' };
    const person = this.people.rooted(key.generation, root);
    const first = person?.holders.get(institution);
    if (person === undefined || first === undefined || first > version) return { error: 'CODE_NOT_ISSUED' };
    return { person };
  }

  /**
   * True while it cannot be said whether the next generation of a person is known yet: that is the workers' progress.
   */
  isUncertain(institution: string, text: string): boolean {
    const version = this.texts.meaning(text)?.version ?? 0;
    return (this.version(institution, version)?.generation ?? 0) > this.generation;
  }

  /** The rotation that is before its switch and leads to another generation. */
  get nextGeneration(): ModelRotation | undefined {
    return this.rotations.find(({ kind, status }) => kind === 'generation' && OPEN.includes(status));
  }

  /** True when a rotation on record keeps one with this subject from being begun. */
  excludes(subject: string): boolean {
    return this.rotations.some(
      (one) =>
        !OVER.includes(one.status) &&
        (one.subject === subject ||
          one.subject === '*' ||
          (subject === '*' && !(one.kind === 'record-period' && one.status === 'switched'))),
    );
  }

  /** The new keys are active from now on, the old ones accepting. */
  switch(rotation: ModelRotation): void {
    rotation.status = 'switched';
    if (rotation.kind === 'record-period') this.period++;
    for (const { institution, from, to } of rotation.versions) {
      (this.version(institution, from) as Version).state = 'accepting';
      (this.version(institution, to) as Version).state = 'active';
    }
    if (rotation.kind !== 'generation') return;
    if (rotation.source === 'store') this.people.succeed(this.generation);
    this.generation++;
  }

  /** The old keys are refused from now on. */
  retire(rotation: ModelRotation): void {
    rotation.status = 'retired';
    for (const { institution, from } of rotation.versions)
      (this.version(institution, from) as Version).state = 'retired';
    if (rotation.kind === 'generation') this.people.forget(this.generation - 1);
  }

  abort(rotation: ModelRotation): void {
    rotation.status = 'aborted';
    if (rotation.kind === 'generation') this.people.forget(this.generation + 1);
  }

  destroy(rotation: ModelRotation): void {
    rotation.status = 'destroyed';
    for (const { institution, from } of rotation.versions)
      (this.version(institution, from) as Version).state = 'destroyed';
  }

  /** What the issuer says of a resident goes into the next generation at once. */
  #receive(resident: number): void {
    if (this.nextGeneration !== undefined) this.people.receive(this.generation, resident);
  }

  #isDelivered(institution: string, version: number): boolean {
    return this.rotations.some(
      ({ status, versions }) =>
        OPEN.includes(status) &&
        versions.some((one) => one.institution === institution && one.to === version),
    );
  }
}
