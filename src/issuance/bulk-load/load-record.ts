import {
  type InstitutionAudience,
  institutionAudience,
  type KeyName,
  linkKey,
} from '../../codes/key-names.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { IssuanceCounts } from '../batches/issuance-result.js';
import { loadMoment } from '../issued-at.js';
import type { IssuerParts } from '../issuer-parts.js';

/**
 * Where a bulk load stands. `receiving`: requests are taken up, nothing is in the store. `storing`: some people may be
 * in the store. `stored`: all are, and the answers can be read.
 */
export type BulkLoadState = 'receiving' | 'storing' | 'stored';

/** What a spill folder says of the load it holds. */
export interface LoadRecord {
  readonly purpose: 'bulk load';
  readonly institution: InstitutionCode;
  readonly keyVersion: number;
  readonly generation: number;
  /** Fingerprints of the keys its codes are made with. */
  readonly fingerprints: Readonly<Record<KeyName, string>>;
  /** 発行日時 of every code of the load, in milliseconds since 1970-01-01 UTC. */
  readonly issuedAt: number;
  readonly state: BulkLoadState;
  /** Of the partitions that are stored. */
  readonly counts: IssuanceCounts;
}

/** Outcome of a row whose code was issued by the load; others bear the version that was held. */
export const ISSUED_NOW = 0;

/** The key a load's codes are made under. */
export function loadKey({ institution, keyVersion }: LoadRecord): InstitutionAudience {
  return institutionAudience(institution, keyVersion);
}

/** What a load that begins now is. */
export async function newLoad(parts: IssuerParts, institution: InstitutionCode): Promise<LoadRecord> {
  const { version } = await parts.keys.active(institution);
  return {
    purpose: 'bulk load',
    institution,
    keyVersion: version,
    generation: parts.generation,
    fingerprints: await fingerprintsOf(parts, institutionAudience(institution, version)),
    issuedAt: loadMoment(parts.now()),
    state: 'receiving',
    counts: { issued: 0, alreadyIssued: 0, refused: 0 },
  };
}

/**
 * Refuses a load that is not one of this institution under these keys. Nothing of it is stored before `storing`, so
 * until then its key must also be the one that new codes are made under.
 *
 * @throws RenkeiError `SPILL_MISMATCH`
 */
export async function requireSameLoad(
  parts: IssuerParts,
  institution: InstitutionCode,
  record: LoadRecord,
): Promise<void> {
  if (record.purpose !== 'bulk load') throw mismatch('is not one of a bulk load');
  if (record.institution !== institution) throw mismatch('is of another institution');
  if (record.generation !== parts.generation) throw mismatch('is of another generation');
  const { version } = await parts.keys.active(institution);
  if (record.state === 'receiving' && version !== record.keyVersion) {
    throw mismatch(
      `was begun under version ${record.keyVersion} of the institution's key, now it is ${version}`,
    );
  }
  const fingerprints = await fingerprintsOf(parts, loadKey(record));
  for (const [name, fingerprint] of Object.entries(fingerprints)) {
    if (record.fingerprints[name as KeyName] !== fingerprint)
      throw mismatch(`has codes of another key ${name}`);
  }
}

async function fingerprintsOf(
  { keys, generation, storeAudience }: IssuerParts,
  institutionKey: InstitutionAudience,
): Promise<Record<KeyName, string>> {
  const fingerprints: Record<KeyName, string> = {};
  for (const name of [linkKey(generation), storeAudience, institutionKey]) {
    await keys.verify(name);
    fingerprints[name] = await keys.fingerprint(name);
  }
  return fingerprints;
}

function mismatch(what: string): RenkeiError {
  return new RenkeiError('SPILL_MISMATCH', `the spill folder ${what}`);
}
