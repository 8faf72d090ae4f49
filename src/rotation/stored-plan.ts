import type { Audience, LinkKeyName, StoreAudience } from '../codes/key-names.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { RotationRecord } from '../stores/rotation-port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import type { ReceiptKey } from './receipt.js';

/** Pairs of old and new codes that are made for one audience. */
export interface PlannedDelivery {
  /** `institution/<institution code>` or `record/<period>`. */
  readonly audience: string;
  /** The institution whose issuances are gone through; none: all people. */
  readonly institution?: InstitutionCode;
  /** Key of the old codes. */
  readonly from: Audience;
  /** Key of the new ones. */
  readonly to: Audience;
  /** Fingerprints of both. */
  readonly fingerprints: { readonly from: string; readonly to: string };
  /** Parts that its rows are divided into, by the store code. */
  readonly parts: number;
}

/** What a rotation keeps of its plan in the store: whoever works on it reads it there, and nobody changes it. */
export interface StoredPlan {
  /** Layout of this record. */
  readonly format: 1;
  /** 16 hex digits that no other rotation has: files are named with it. */
  readonly mark: string;
  /** Keys that are replaced. */
  readonly from: readonly ReceiptKey[];
  /** Keys that replace them, in the same order; of a record period the one that begins. */
  readonly to: readonly ReceiptKey[];
  /** The store key that rows are under, and the one they come under where it changes. */
  readonly store: { readonly from: StoreAudience; readonly to?: StoreAudience };
  /** Generation of the linkage codes that codes under the new keys carry. */
  readonly generation: number;
  /** Of a generation: its link key and the one before. */
  readonly link?: { readonly from: LinkKeyName; readonly to: LinkKeyName };
  /** Of a generation: where successors come from. */
  readonly source?: 'store' | 'list';
  /** Parts in which successors of store codes are made; they come before those of the deliveries. */
  readonly successionParts: number;
  /** Deliveries, in the order of their parts. */
  readonly deliveries: readonly PlannedDelivery[];
  /** Of a record period: the one that ends, and when, in milliseconds since 1970-01-01 UTC. */
  readonly period?: { readonly close: string; readonly endedAt: number };
}

/** A rotation of this library on record, with its plan. */
export interface PlannedRotation {
  /** The record. */
  readonly record: RotationRecord;
  /** Its plan. */
  readonly plan: StoredPlan;
}

/**
 * The plan of a rotation on record.
 *
 * @throws RenkeiError `STORE_CORRUPT` when it is none of this release
 */
export function planOf(record: RotationRecord): PlannedRotation {
  const plan = readRecord(`the plan of rotation ${record.id}`, record.plan) as StoredPlan;
  if (plan.format === 1) return { record, plan };
  throw notOfThisRelease(`the plan of rotation ${record.id}`);
}

/**
 * An object that the store keeps as JSON.
 *
 * @throws RenkeiError `STORE_CORRUPT` when it is none
 */
export function readRecord(what: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // As below: what it is instead may not be shown.
  }
  throw notOfThisRelease(what);
}

function notOfThisRelease(what: string): RenkeiError {
  return new RenkeiError('STORE_CORRUPT', `${what} is not one of this release`);
}
