import type { KeyName } from '../codes/key-names.js';
import type { KeyState } from './calls.js';

/** A key on record with its state. */
export interface RecordedKey extends KeyRecord {
  /** Where it is in its life. */
  readonly state: KeyState;
  /** When it came into each state it has been in, in milliseconds since 1970-01-01 UTC. */
  readonly since: Readonly<Partial<Record<KeyState, number>>>;
  /**
   * Generation of the linkage codes that codes under this key carry: of an institution's and the store's keys, the
   * one given at registration or else the active one. Of a link key, its own. Undefined for the others.
   */
  readonly generation?: number;
}

/** A key the issuance knows (機関別パラメータ for an institution's). */
export interface KeyRecord {
  /** The key's name. */
  readonly name: KeyName;
  /** 16 lower-case hex digits. Unique in a store: two audiences never share a key. */
  readonly fingerprint: string;
  /** Milliseconds since 1970-01-01 UTC, in the years 1 to 9999. */
  readonly registeredAt: number;
  /** Of an institution's or the store's key, generation of the linkage codes it is for. Default: the active one. */
  readonly generation?: number;
}
