import {
  type InstitutionAudience,
  institutionAudience,
  type KeyName,
  parseKeyName,
  type StoreAudience,
  storeAudience,
} from '../codes/key-names.js';
import type { KeyState, RecordedKey } from '../stores/port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';

/** The key of an institution that its codes are made under. */
export interface ActiveKey {
  readonly name: InstitutionAudience;
  readonly version: number;
}

/** Store keys that codes of a generation can be led to, the likeliest first. */
const LIVE: readonly KeyState[] = ['active', 'accepting', 'pre-active'];

/** The keys on record (機関別パラメータ) as they were read in one epoch. */
export class KeySnapshot {
  /** The epoch they were read in: the states may be newer, never older. */
  readonly epoch: number;
  readonly #records: ReadonlyMap<KeyName, RecordedKey>;
  /** The store key that is active; undefined in a store that was not begun. */
  readonly storeKey: StoreAudience | undefined;
  /** The generation that is active; 0 in a store that was not begun. */
  readonly generation: number;

  constructor(epoch: number, records: readonly RecordedKey[]) {
    this.epoch = epoch;
    this.#records = new Map(records.map((record) => [record.name, record]));
    let storeKey: StoreAudience | undefined;
    let generation = 0;
    for (const { name, state } of records) {
      if (state !== 'active') continue;
      const key = parseKeyName(name);
      if (key.kind === 'store') storeKey = key.name;
      if (key.kind === 'link') generation = key.generation;
    }
    this.storeKey = storeKey;
    this.generation = generation;
  }

  /** All of them, in the order of the store. */
  get records(): Iterable<RecordedKey> {
    return this.#records.values();
  }

  /** What is on record of a key. */
  find(name: KeyName): RecordedKey | undefined {
    return this.#records.get(name);
  }

  /** The active key of an institution. */
  active(institution: InstitutionCode): ActiveKey | undefined {
    for (const { name, state } of this.#records.values()) {
      if (state !== 'active') continue;
      const key = parseKeyName(name);
      if (key.kind !== 'institution' || key.institution !== institution) continue;
      return { name: institutionAudience(institution, key.version), version: key.version };
    }
    return undefined;
  }

  /**
   * The store key that codes of a generation lead to: the active one, or one that is accepted still, or that a rotation
   * leads to.
   */
  storeKeyOf(generation: number): StoreAudience | undefined {
    for (const state of LIVE) {
      for (const record of this.#records.values()) {
        if (record.state !== state || record.generation !== generation) continue;
        const key = parseKeyName(record.name);
        if (key.kind === 'store') return storeAudience(key.version);
      }
    }
    return undefined;
  }
}
