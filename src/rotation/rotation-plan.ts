import type { KeyName } from '../codes/key-names.js';
import type { RotationKind } from '../stores/rotation-port.js';

/** What a rotation has to do. */
export interface RotationCounts {
  /** Store codes whose successors are to be made: people, and other names of theirs. 0 where the store key stays. */
  readonly storeCodes: number;
  /** Pairs to be delivered, by audience: `institution/<institution code>` or `record/<period>`. */
  readonly pairs: Readonly<Record<string, number>>;
}

/** Rates that were measured on the spot, in rows a second. */
export interface RotationRates {
  /** Codes made by the vault. */
  readonly codes: number;
  /** Rows that were read from the store; undefined where it holds none. */
  readonly reading?: number;
  /** Pairs written to a file. */
  readonly writing: number;
}

/** What a rotation may take with one worker. */
export interface RotationEstimate {
  /** People. */
  readonly people: number;
  /** Pairs to be delivered. */
  readonly pairs: number;
  /** Seconds; undefined when nothing was measured. */
  readonly seconds?: number;
  /** Bytes on disk, parts and deliveries. */
  readonly bytes: number;
}

/** What a rotation needs that is to be seen to first. */
export interface RotationNeeds {
  /** Keys it uses that the vault does not have. */
  readonly missingKeys: readonly KeyName[];
  /** The engine it takes. */
  readonly engine: 'any' | 'bulk';
  /** Whether the vault has that engine; undefined when that cannot be told without a key. */
  readonly engineReady?: boolean;
}

/** What a rotation would be. Nothing has been changed. */
export interface RotationPlan {
  /** What is re-keyed. */
  readonly kind: RotationKind;
  /** An institution code, `*` for all, or `record/<period>`. */
  readonly subject: string;
  /** Keys that are replaced, and those that replace them, in the same order. */
  readonly from: readonly KeyName[];
  /** Keys that replace them. */
  readonly to: readonly KeyName[];
  /** What there is to do. */
  readonly counts: RotationCounts;
  /** Parts that workers share. */
  readonly parts: number;
  /** What is to be seen to first. */
  readonly needs: RotationNeeds;
  /** Measured on the spot; undefined when not asked for, or when a key is missing. */
  readonly rates?: RotationRates;
  /** For this store. */
  readonly estimate: RotationEstimate;
  /** The same for a nation, or what the options say. */
  readonly nation: RotationEstimate;
  /** What else is to be known, in words. */
  readonly warnings: readonly string[];
}
