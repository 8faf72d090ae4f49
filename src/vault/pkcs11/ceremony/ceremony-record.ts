import type { AuditKeyName } from '../../../codes/key-names.js';
import { canonicalJson } from '../../../signatures/canonical-json.js';
import type { KeyDescription, RefusedAttempt, TokenDescription } from '../key-description.js';
import type { KeyLevel } from '../key-profile.js';
import type { Deviation } from '../readable-profile.js';

/** What a ceremony did. */
export type CeremonyKind =
  | 'init'
  | 'add-institution'
  | 'add-version'
  | 'add-record-period'
  | 'lock-down'
  | 'destroy';

/** One key in a ceremony record. */
export interface RecordedKey extends KeyDescription {
  /** What was done with it. */
  readonly outcome: 'made' | 'locked-down' | 'locked-down-before' | 'destroyed';
  /** Attributes of the profile that the module does not know or answers differently. */
  readonly deviations: readonly Deviation[];
  /** Attributes that were set and cannot be read back: the proof of level shows them by trying. */
  readonly unreadable: readonly string[];
  /** What was tried on a locked-down key, all refused by the module. */
  readonly refused: readonly RefusedAttempt[];
}

/** What a ceremony leaves on paper and on disk. It holds no secret. */
export interface CeremonyRecord extends TokenDescription {
  /** Always `renkei-ceremony-record`. */
  readonly format: 'renkei-ceremony-record';
  /** Version of the format. */
  readonly version: 1;
  /** What was done. */
  readonly ceremony: CeremonyKind;
  /** When it began, ISO 8601 in UTC. */
  readonly at: string;
  /** Who was there, in the order given. */
  readonly who: readonly string[];
  /** The level asked for; 2 for a lock-down, `null` when keys were destroyed. */
  readonly level: KeyLevel | null;
  /** The keys, in the order in which they were dealt with. */
  readonly keys: readonly RecordedKey[];
  /** The key that signed. */
  readonly signedBy: {
    /** Name of the audit key. */
    readonly name: AuditKeyName;
    /** First 8 bytes of SHA-256 over the public key, in hex. */
    readonly fingerprint: string;
    /** SubjectPublicKeyInfo (DER), in hex. */
    readonly publicKey: string;
  };
  /** ECDSA over SHA-256 of the canonical form without this member: r || s with s at most n/2, in hex. */
  readonly signature: string;
}

/** A record that is not signed yet. */
export type UnsignedRecord = Omit<CeremonyRecord, 'signature'>;

/** The bytes that are signed: the canonical form of everything but the signature. */
export function signedBytes(record: UnsignedRecord & { readonly signature?: string }): Uint8Array {
  const { signature: _, ...unsigned } = record;
  return new TextEncoder().encode(canonicalJson(unsigned));
}

/** The text of a record file: the canonical form, indented by two spaces, and a line feed. One text for one record. */
export function formatCeremonyRecord(record: CeremonyRecord): string {
  return `${canonicalJson(record, 2)}\n`;
}
