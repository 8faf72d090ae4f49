import type { Branded } from '../bytes/branded.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { type InstitutionCode, parseInstitutionCode } from '../subjects/institution-code.js';

/** `store/<version>`: the key under which the issuance store (連携用符号発行管理ファイル) knows a person. */
export type StoreAudience = Branded<'store'>;
/** `institution/<institution code>/<version>`: the key of one institution (情報照会者・情報提供者). */
export type InstitutionAudience = Branded<'institution'>;
/** `record/<period>`: the key of one record period (情報提供等記録ファイル); it wraps only. */
export type RecordAudience = Branded<'record'>;
/** Whoever may know a person under a code of its own: the store, an institution or a record period. */
export type Audience = StoreAudience | InstitutionAudience | RecordAudience;
/** `link/<generation>`: a key that derives linkage codes (連携用符号) and does nothing else. */
export type LinkKeyName = Branded<'link'>;
/** `audit/<version>`: the key pair (EC P-256) that signs ceremony records and does nothing else. */
export type AuditKeyName = Branded<'audit'>;
/** The name of a key, which is also its label in the HSM. */
export type KeyName = Audience | LinkKeyName | AuditKeyName;

/** The name of a link key, taken apart. */
export interface ParsedLinkKey {
  /** Tells the kinds of key apart. */
  readonly kind: 'link';
  /** The whole name. */
  readonly name: LinkKeyName;
  /** 1 to 255. */
  readonly generation: number;
}

/** The name of an audit key, taken apart. */
export interface ParsedAuditKey {
  /** Tells the kinds of key apart. */
  readonly kind: 'audit';
  /** The whole name. */
  readonly name: AuditKeyName;
  /** 1 to 255. */
  readonly version: number;
}

/** The name of the issuance store's key, taken apart. */
export interface ParsedStoreAudience {
  /** Tells the kinds of key apart. */
  readonly kind: 'store';
  /** The whole name. */
  readonly name: StoreAudience;
  /** 1 to 255. */
  readonly version: number;
}

/** The name of an institution's key, taken apart. */
export interface ParsedInstitutionAudience {
  /** Tells the kinds of key apart. */
  readonly kind: 'institution';
  /** The whole name. */
  readonly name: InstitutionAudience;
  /** 機関コード. */
  readonly institution: InstitutionCode;
  /** 1 to 255. */
  readonly version: number;
}

/** The name of a record period's key, taken apart. */
export interface ParsedRecordAudience {
  /** Tells the kinds of key apart. */
  readonly kind: 'record';
  /** The whole name. */
  readonly name: RecordAudience;
  /** Such as `2026`. */
  readonly period: string;
}

/** The name of a key that codes are made under, taken apart. */
export type ParsedAudience = ParsedStoreAudience | ParsedInstitutionAudience | ParsedRecordAudience;

/** A key name taken apart. */
export type ParsedKeyName = ParsedLinkKey | ParsedAuditKey | ParsedAudience;

/** The highest version of a key and the highest generation. */
export const HIGHEST_VERSION = 255;

/**
 * The issuance store's key.
 * @throws RenkeiError `VERSION_INVALID`
 */
export function storeAudience(version: number): StoreAudience {
  return `store/${checkVersion(version)}` as StoreAudience;
}

/**
 * An institution's key.
 * @throws RenkeiError `INSTITUTION_CODE_INVALID` or `VERSION_INVALID`
 */
export function institutionAudience(institution: string, version: number): InstitutionAudience {
  return `institution/${parseInstitutionCode(institution)}/${checkVersion(version)}` as InstitutionAudience;
}

/**
 * A record period's key.
 * @param period 1 to 16 of A–Z, a–z, 0–9 and hyphen; by default a Japanese fiscal year such as `2026`
 * @throws RenkeiError `RECORD_PERIOD_INVALID`
 */
export function recordAudience(period: string): RecordAudience {
  if (typeof period !== 'string' || !/^[A-Za-z0-9-]{1,16}$/.test(period)) {
    throw new RenkeiError('RECORD_PERIOD_INVALID', 'a record period is 1 to 16 of A-Z, a-z, 0-9 and hyphen');
  }
  return `record/${period}` as RecordAudience;
}

/**
 * The key of one generation of linkage codes.
 * @throws RenkeiError `GENERATION_INVALID`
 */
export function linkKey(generation: number): LinkKeyName {
  if (!isVersion(generation)) {
    throw new RenkeiError('GENERATION_INVALID', `a generation is an integer from 1 to ${HIGHEST_VERSION}`);
  }
  return `link/${generation}` as LinkKeyName;
}

/**
 * The key pair that signs ceremony records.
 * @throws RenkeiError `VERSION_INVALID`
 */
export function auditKey(version: number): AuditKeyName {
  return `audit/${checkVersion(version)}` as AuditKeyName;
}

/**
 * Takes a key name apart; accepts exactly what the functions above make.
 * @throws RenkeiError `KEY_NAME_INVALID`
 */
export function parseKeyName(text: string): ParsedKeyName {
  const parts = typeof text === 'string' ? text.split('/') : [];
  try {
    const parsed = parseParts(parts);
    // Canonical: "store/01" or "store/1.0" name nothing.
    if (parsed !== undefined && parsed.name === text) return parsed;
  } catch (error) {
    if (!(error instanceof RenkeiError)) throw error;
  }
  throw new RenkeiError(
    'KEY_NAME_INVALID',
    'a key name is link/<generation>, store/<version>, institution/<code>/<version>, record/<period> or audit/<version>',
  );
}

/**
 * The same for a key that codes are made under.
 * @throws RenkeiError `KEY_NAME_INVALID`
 */
export function parseAudience(text: string): ParsedAudience {
  const parsed = parseKeyName(text);
  if (parsed.kind === 'link' || parsed.kind === 'audit') {
    throw new RenkeiError('KEY_NAME_INVALID', `no codes are made under a key of the kind "${parsed.kind}"`);
  }
  return parsed;
}

/**
 * The same for an audit key.
 * @throws RenkeiError `KEY_NAME_INVALID`
 */
export function parseAuditKey(text: string): AuditKeyName {
  const parsed = parseKeyName(text);
  if (parsed.kind === 'audit') return parsed.name;
  throw new RenkeiError('KEY_NAME_INVALID', `${parsed.name} is no audit key: it does not sign`);
}

function parseParts([kind, first = '', second, ...rest]: readonly string[]): ParsedKeyName | undefined {
  if (rest.length > 0) return undefined;
  if (kind === 'institution') {
    const version = Number(second);
    const name = institutionAudience(first, version);
    return { kind, name, institution: parseInstitutionCode(first), version };
  }
  if (second !== undefined) return undefined;
  if (kind === 'link') return { kind, name: linkKey(Number(first)), generation: Number(first) };
  if (kind === 'audit') return { kind, name: auditKey(Number(first)), version: Number(first) };
  if (kind === 'store') return { kind, name: storeAudience(Number(first)), version: Number(first) };
  if (kind === 'record') return { kind, name: recordAudience(first), period: first };
  return undefined;
}

function isVersion(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= HIGHEST_VERSION;
}

function checkVersion(version: number): number {
  if (isVersion(version)) return version;
  throw new RenkeiError('VERSION_INVALID', `a version is an integer from 1 to ${HIGHEST_VERSION}`);
}
