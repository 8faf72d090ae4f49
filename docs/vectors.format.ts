import type { RenkeiErrorCode } from '../src/errors/codes.js';

/** The shape of docs/vectors.json. Bytes are lower-case hex. */
export interface VectorFile {
  readonly scheme: 'RK1';
  readonly notes: readonly string[];
  /** Keys by name, with their fingerprints. */
  readonly keySets: Readonly<Record<string, KeySet>>;
  readonly checkDigits: readonly CheckDigitVector[];
  readonly codes: readonly CodeVector[];
  readonly accumulated: readonly AccumulatedVector[];
  readonly invalid: InvalidVectors;
}

export interface KeySet {
  readonly keys: Readonly<Record<string, string>>;
  readonly fingerprints: Readonly<Record<string, string>>;
}

export interface CheckDigitVector {
  readonly body: string;
  readonly checkDigit: number;
}

/** Everything RK1 computes for one resident in one generation. */
export interface CodeVector {
  readonly keySet: string;
  readonly residentRecordCode: string;
  readonly generation: number;
  /** M(J). */
  readonly linkageBlock: string;
  /** L[1] to L[generation]. */
  readonly linkageCodes: readonly string[];
  /** By audience. */
  readonly codes: Readonly<Record<string, string>>;
  /** External form, by institution audience. */
  readonly texts: Readonly<Record<string, string>>;
}

/** SHA-256 over the codes of `count` residents at one audience, one behind the other. */
export interface AccumulatedVector {
  readonly keySet: string;
  readonly generation: number;
  readonly audience: string;
  readonly seed: number;
  readonly count: number;
  readonly sha256: string;
}

/** One input with one fault, and the error it must meet. */
export interface Fault<Input> {
  readonly comment: string;
  readonly input: Input;
  readonly error: RenkeiErrorCode;
}

export interface InvalidVectors {
  readonly residentRecordCodes: readonly Fault<string>[];
  /** Packed rows as hex. */
  readonly packedResidents: readonly Fault<string>[];
  readonly institutionCodes: readonly Fault<string>[];
  readonly acquisitionNumbers: readonly Fault<string>[];
  readonly keyNames: readonly Fault<string>[];
  readonly audiences: readonly Fault<string>[];
  readonly keyNameParts: readonly Fault<KeyNameParts>[];
  readonly keys: readonly Fault<{ readonly name: string; readonly key: string }>[];
  readonly externalForms: readonly Fault<string>[];
  readonly versionsToFormat: readonly Fault<{ readonly version: number; readonly code: string }>[];
  readonly generations: readonly Fault<{ readonly keySet: string; readonly generation: number }>[];
  readonly advances: readonly Fault<{ readonly keySet: string; readonly generation: number }>[];
  readonly codes: readonly Fault<PresentedCode>[];
}

export type KeyNameParts =
  | { readonly kind: 'link'; readonly generation: number }
  | { readonly kind: 'store'; readonly version: number }
  | { readonly kind: 'institution'; readonly institution: string; readonly version: number }
  | { readonly kind: 'record'; readonly period: string };

/** A code presented as one of the audience `from`. */
export interface PresentedCode {
  readonly keySet: string;
  readonly from: string;
  readonly code: string;
}
