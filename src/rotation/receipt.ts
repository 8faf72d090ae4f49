import type { KeyName } from '../codes/key-names.js';
import type { RotationKind } from '../stores/rotation-port.js';
import type { VaultEngine } from '../vault/port.js';

/** A step of a rotation that leaves a receipt. */
export type ReceiptStep = 'verify' | 'switch' | 'retire' | 'destroy';

/** A key that a receipt names. */
export interface ReceiptKey {
  /** The key's name. */
  readonly name: KeyName;
  /** 16 lower-case hex digits. */
  readonly fingerprint: string;
}

/** A file of pairs of old and new codes that was made for one audience. */
export interface ReceiptDelivery {
  /** The audience whose codes are replaced: `institution/<institution code>` or `record/<period>`. */
  readonly audience: string;
  /** Name of the file in the folder. */
  readonly file: string;
  /** Pairs in it. */
  readonly pairs: number;
  /** SHA-256 of the file, lower-case hex. */
  readonly digest: string;
  /** Root of the Merkle tree (RFC 6962) whose leaves are blocks of 1,024 pairs, lower-case hex: that of the file. */
  readonly merkleRoot: string;
}

/** What was computed anew, and by whom. */
export interface ReceiptSample {
  /** Pairs that were computed anew and came out the same, successors of store codes among them. */
  readonly size: number;
  /**
   * How many of them by what they are: `institution/<institution code>` and `record/<period>` for the pairs of a
   * delivery, `successors` for store codes. 0: nothing of it was computed anew.
   */
  readonly checked: Readonly<Record<string, number>>;
  /** Engines that made the pairs, as the workers' vaults said. */
  readonly madeBy: readonly VaultEngine[];
  /** Engines of the vault that computed anew. */
  readonly checkedBy: readonly VaultEngine[];
  /** Whether no engine did both. */
  readonly otherEngine: boolean;
  /** What the vault that computed anew says of itself. */
  readonly statement: string;
}

/** One attempt at a key that was destroyed. */
export interface ReceiptProof {
  /** The key's name. */
  readonly key: KeyName;
  /** What was tried, in words. */
  readonly tried: string;
  /**
   * Codes that were served just before, and refused then one by one; 0: there were none, or the key was gone already.
   */
  readonly codes?: number;
  /** What the vault answered: `KEY_NOT_FOUND`. */
  readonly answer: string;
}

/** What a store says of a store key of its own. */
export interface ReceiptCleared {
  /** The store key that was replaced. */
  readonly key: KeyName;
  /**
   * Codes under it that the store says it holds: own codes, other names of people, and successions from it. It is the
   * word of the store, which has moved all rows; nobody else has read them.
   */
  readonly codesLeft: 0;
  /** Who says so: always `store`. */
  readonly saidBy: 'store';
}

/** Moments as ISO 8601 in UTC. */
export interface ReceiptTimes {
  /** When the rotation was begun. */
  readonly begun: string;
  /** When the step ended. */
  readonly ended: string;
}

/** What one step of a rotation did. Nothing in it identifies a person. */
export interface RotationReceipt {
  /** Always `RK1`. */
  readonly scheme: 'RK1';
  /** The layout of this record. */
  readonly format: 'renkei-rotation-receipt/1';
  /** The step. */
  readonly step: ReceiptStep;
  /** The rotation's number in its store. */
  readonly rotation: number;
  /** What is re-keyed. */
  readonly kind: RotationKind;
  /** An institution code, `*` for all, or `record/<period>`. */
  readonly subject: string;
  /** Keys that are replaced. */
  readonly from: readonly ReceiptKey[];
  /** Keys that replace them. */
  readonly to: readonly ReceiptKey[];
  /**
   * Of `verify` and `switch`: rows that went in, pairs that came out. Of `retire`: rows moved by the call that ended
   * it, or erased.
   */
  readonly counts: Readonly<Record<string, number>>;
  /** Files made in this step. */
  readonly deliveries: readonly ReceiptDelivery[];
  /** Of a step with deliveries or successions: no two old codes have one new one, and no old one has two. */
  readonly injective?: true;
  /** Of `retire` where the store key was replaced. */
  readonly cleared?: ReceiptCleared;
  /** Of `verify`. */
  readonly sample?: ReceiptSample;
  /** Of `destroy`: what was tried with each key, and the answers. */
  readonly proof?: readonly ReceiptProof[];
  /** When the rotation was begun and when the step ended, as ISO 8601 in UTC. */
  readonly times: ReceiptTimes;
  /** SHA-256 of the receipt before as it stands, lower-case hex; of the first one, none. */
  readonly previous?: string;
}
