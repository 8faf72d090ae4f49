import type { KeyName, StoreAudience } from '../codes/key-names.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { RecordedKey, StoreCallOptions } from '../stores/port.js';
import type { StoreOutlook } from '../stores/rotation-port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import type { KeyRegistry } from './key-registry.js';
import type { ActiveKey, KeySnapshot } from './key-snapshot.js';

/**
 * The keys that one operation works with, from its beginning to its end: those of one epoch. Every call of the store
 * names the epoch, so that the store refuses what was made with keys of before.
 */
export class KeysInForce {
  readonly #registry: KeyRegistry;
  #snapshot: KeySnapshot;
  /** The snapshot was read since the operation began: who presents many unknown versions has the store asked once. */
  #isFresh = false;
  readonly epoch: number;
  /** The active generation of linkage codes. */
  readonly generation: number;
  /** The active key of the store. */
  readonly storeKey: StoreAudience;
  /** Where a rotation leads that has not switched yet. */
  readonly successor: StoreOutlook['successor'];

  constructor(registry: KeyRegistry, snapshot: KeySnapshot, { successor }: StoreOutlook) {
    if (snapshot.storeKey === undefined) {
      throw new RenkeiError('STORE_CORRUPT', 'the store has no active store key');
    }
    this.#registry = registry;
    this.#snapshot = snapshot;
    this.epoch = snapshot.epoch;
    this.generation = snapshot.generation;
    this.storeKey = snapshot.storeKey;
    this.successor = successor;
  }

  /** Options for the store calls of the operation. */
  callOptions(signal?: AbortSignal): StoreCallOptions {
    return { epoch: this.epoch, ...signalOption(signal) };
  }

  /** All keys on record, as last read. */
  get records(): Iterable<RecordedKey> {
    return this.#snapshot.records;
  }

  /**
   * What is on record of a key; looks again in the store, once, before it says that there is nothing.
   *
   * @throws RenkeiError `KEYS_CHANGED` when another epoch has begun by then
   */
  async find(name: KeyName, signal?: AbortSignal): Promise<RecordedKey | undefined> {
    const recorded = this.#snapshot.find(name);
    if (recorded !== undefined || this.#isFresh) return recorded;
    return (await this.#lookAgain(signal)).find(name);
  }

  /** The same, read anew in any case. */
  async findNow(name: KeyName, signal?: AbortSignal): Promise<RecordedKey | undefined> {
    return (await this.#lookAgain(signal)).find(name);
  }

  /**
   * Makes sure that a key on record is the vault's.
   *
   * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH`, `KEYS_CHANGED` or a vault error
   */
  async verify(name: KeyName, signal?: AbortSignal): Promise<void> {
    await this.find(name, signal);
    await this.#registry.verify(this.#snapshot, name, signal);
  }

  /**
   * The fingerprint on record of a key.
   *
   * @throws RenkeiError `STORE_CORRUPT` when there is none
   */
  async fingerprint(name: KeyName, signal?: AbortSignal): Promise<string> {
    const recorded = await this.find(name, signal);
    if (recorded !== undefined) return recorded.fingerprint;
    throw new RenkeiError('STORE_CORRUPT', `codes are made under the key ${name}, which is not on record`);
  }

  /**
   * The key an institution's codes are made under.
   *
   * @throws RenkeiError `INSTITUTION_UNKNOWN` when none is; `KEY_USAGE` when it is for another generation than the
   *   active one; `KEYS_CHANGED`, `KEY_FINGERPRINT_MISMATCH` or a vault error
   */
  async active(institution: InstitutionCode, signal?: AbortSignal): Promise<ActiveKey> {
    const active = this.#snapshot.active(institution) ?? (await this.#lookAgain(signal)).active(institution);
    if (active === undefined) {
      throw new RenkeiError('INSTITUTION_UNKNOWN', `institution ${institution} is not registered`);
    }
    const generation = this.generationOf(this.#snapshot.find(active.name) as RecordedKey);
    if (generation !== this.generation) {
      throw new RenkeiError(
        'KEY_USAGE',
        `key ${active.name} is for generation ${generation}, the active one is ${this.generation}`,
      );
    }
    await this.verify(active.name, signal);
    return active;
  }

  /** Generation of the linkage codes that codes under a key carry. */
  generationOf({ generation = this.generation }: RecordedKey): number {
    return generation;
  }

  /** The store key that codes of a generation lead to: the active one, or the other one of a rotation. */
  storeKeyOf(generation: number): StoreAudience | undefined {
    return generation === this.generation ? this.storeKey : this.#snapshot.storeKeyOf(generation);
  }

  async #lookAgain(signal: AbortSignal | undefined): Promise<KeySnapshot> {
    const snapshot = await this.#registry.refresh(signal);
    if (snapshot.epoch !== this.epoch) {
      throw new RenkeiError('KEYS_CHANGED', 'keys were switched or retired while the call was under way');
    }
    this.#snapshot = snapshot;
    this.#isFresh = true;
    return snapshot;
  }
}
