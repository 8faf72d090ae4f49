import { checkKeyRecord, outcomeOfBeginning } from '../arguments.js';
import { afterTransitions, areInTheirStates, stateAtRegistration, statesAtBeginning } from '../key-states.js';
import type { KeyRecord, RecordedKey, WriteOutcome } from '../port.js';
import type { KeyTransition } from '../rotation-port.js';

/** The keys on record. */
export class KeyBook {
  #keys = new Map<string, RecordedKey>();

  /** How many. */
  get size(): number {
    return this.#keys.size;
  }

  /** True for a key on record. */
  has(name: string): boolean {
    return this.#keys.has(name);
  }

  /** All of them, in no order. */
  all(): readonly RecordedKey[] {
    return [...this.#keys.values()];
  }

  /** As `begin` of the port. */
  begin(records: readonly KeyRecord[]): WriteOutcome {
    for (const record of records) checkKeyRecord(record);
    const outcome = outcomeOfBeginning(this.all(), records);
    if (outcome === 'inserted') for (const key of statesAtBeginning(records)) this.#keys.set(key.name, key);
    return outcome;
  }

  /** As `registerKey` of the port. */
  register(record: KeyRecord): WriteOutcome {
    checkKeyRecord(record);
    const existing = this.#keys.get(record.name);
    if (existing !== undefined) return existing.fingerprint === record.fingerprint ? 'existed' : 'conflict';
    if (this.all().some(({ fingerprint }) => fingerprint === record.fingerprint)) return 'conflict';
    this.#keys.set(record.name, stateAtRegistration(this.all(), record));
    return 'inserted';
  }

  /** True when every key is in the state that it goes to. */
  areMoved(transitions: readonly KeyTransition[]): boolean {
    return areInTheirStates(this.all(), transitions);
  }

  /** Changes states, all or none: false when a key is in another state than it must be. */
  move(transitions: readonly KeyTransition[], at: number): boolean {
    const keys = afterTransitions(this.all(), transitions, at);
    if (keys === undefined) return false;
    this.#keys = new Map(keys.map((key) => [key.name, key]));
    return true;
  }
}
