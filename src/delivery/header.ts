import type { AuditKeyName } from '../codes/key-names.js';

/** What whoever writes a delivery says of it. */
export interface DeliveryFacts {
  /** Number of the rotation it belongs to, from 1. */
  readonly rotation: number;
  /** 1 for the main file of an audience, 2, 3 … for supplements. */
  readonly sequence: number;
  /** `institution/<institution code>` or `record/<period>`. */
  readonly audience: string;
  /** 機関コード; absent for a record period. */
  readonly institution?: string;
  /** Version of the institution's key of the old codes, 1 to 255; absent for a record period. */
  readonly fromVersion?: number;
  /** The higher version of the new codes; absent for a record period. */
  readonly toVersion?: number;
  /** Generation of the linkage codes that the old codes carry, 1 to 255. */
  readonly fromGeneration: number;
  /** That of the new codes: the same or a later one. */
  readonly toGeneration: number;
  /**
   * Fingerprints of the keys of the old and of the new codes, 16 lower-case hex digits. One key for a record period.
   */
  readonly fingerprints: {
    /** Of the key of the old codes. */
    readonly from: string;
    /** Of the key of the new ones. */
    readonly to: string;
  };
  /** When it was written: ISO 8601 in UTC, to the millisecond. */
  readonly createdAt: string;
}

/** What a delivery says of itself. Everything in it is signed. */
export interface DeliveryHeader extends DeliveryFacts {
  /** Always `renkei-delivery/1`. */
  readonly format: 'renkei-delivery/1';
  /** Always `RK1`. */
  readonly scheme: 'RK1';
  /** Number of pairs. */
  readonly pairs: number;
  /** Always 1024: pairs of one block; the last block may have fewer. */
  readonly blockPairs: 1024;
  /** SHA-256 of the table, in hex. */
  readonly tableDigest: string;
  /** Root of the Merkle tree (RFC 6962) over the blocks, in hex. */
  readonly merkleRoot: string;
  /** The audit key that signed. */
  readonly auditKey: {
    /** Its name. */
    readonly name: AuditKeyName;
    /** First 8 bytes of SHA-256 over its SubjectPublicKeyInfo (DER), in hex. */
    readonly fingerprint: string;
  };
}
