import type { KeyName } from '../codes/key-names.js';
import type { RotationKind } from '../stores/rotation-port.js';

/** What a rotation has to do. */
export interface RotationCounts {
  /** Store codes whose successors are to be made: people, and other names of theirs. 0 where the store key stays. */
  readonly storeCodes: number;
  /** Pairs to be delivered, by audience: `institution/<institution code>` or `record/<period>`. */
  readonly pairs: Readonly<Record<string, number>>;
}

/** What each rate was measured on, in words, or that it is assumed. */
export type RateBasis = Readonly<
  Record<'codes' | 'reading' | 'writing' | 'merging' | 'recording' | 'moving', string> & {
    /** Only where linkage codes are advanced. */
    readonly advancing?: string;
  }
>;

/** Rates of rows a second: measured on the spot, but for what would change the store. `basis` says on what. */
export interface RotationRates {
  /** Codes made by the vault. */
  readonly codes: number;
  /** Store codes advanced to the next generation by the vault; only where the rotation does that. */
  readonly advancing?: number;
  /** Rows read from the store; undefined where it holds less than a page, and not counted then. */
  readonly reading?: number;
  /** Pairs written to files. */
  readonly writing: number;
  /** Pairs merged from files. */
  readonly merging: number;
  /** Successors put on record in the store: assumed. */
  readonly recording: number;
  /** Store codes moved to the new store key: assumed. */
  readonly moving: number;
  /** What each was measured on. */
  readonly basis: RateBasis;
}

/** One step's share of an estimate. */
export interface RotationStep {
  /**
   * `successors`: store codes under the new store key made and recorded. `pairs`: codes of institutions made and
   * written. `record-pairs`: the same for record periods. `deliveries`: merged and written. `moving`: rows moved to
   * the new store key.
   */
  readonly step: 'successors' | 'pairs' | 'record-pairs' | 'deliveries' | 'moving';
  /** Store codes, or pairs. */
  readonly rows: number;
  /** Seconds. */
  readonly seconds: number;
  /** Share of all seconds, 0 to 1. */
  readonly share: number;
}

/** What rotations may take with one worker. */
export interface RotationEstimate {
  /** People. */
  readonly people: number;
  /** Rotations: of the kind `institution`, one for each institution. */
  readonly rotations: number;
  /** Pairs to be delivered, of all of them. */
  readonly pairs: number;
  /** Seconds; undefined when nothing was measured. */
  readonly seconds?: number;
  /** Bytes on disk, parts and deliveries. */
  readonly bytes: number;
  /** What the seconds are made of; undefined when nothing was measured. */
  readonly steps?: readonly RotationStep[];
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
