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
import type { KeysInForce } from '../keys-in-force.js';
import { type Operation, reading, writing } from '../operation.js';

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
export function newLoad(parts: IssuerParts, institution: InstitutionCode): Promise<LoadRecord> {
  return reading(parts, undefined, async ({ keys }) => {
    const { name, version } = await keys.active(institution);
    return {
      purpose: 'bulk load',
      institution,
      keyVersion: version,
      generation: keys.generation,
      fingerprints: await fingerprintsOf(keys, name),
      issuedAt: loadMoment(parts.now()),
      state: 'receiving',
      counts: { issued: 0, alreadyIssued: 0, refused: 0 },
    };
  });
}

/**
 * Refuses a load that is not one of this institution.
 *
 * @throws RenkeiError `SPILL_MISMATCH`
 */
export function requireSameLoad(institution: InstitutionCode, record: LoadRecord): void {
  if (record.purpose !== 'bulk load') throw mismatch('is not one of a bulk load');
  if (record.institution !== institution) throw mismatch('is of another institution');
}

/**
 * Refuses a load whose codes were made with other keys than those in force. Nothing of it is stored before `storing`,
 * so until then its key must also be the active one; after that it may be an older version that is not retired.
 *
 * @throws RenkeiError `SPILL_MISMATCH`, `KEYS_CHANGED` or a vault error
 */
export async function requireSameKeys(keys: KeysInForce, record: LoadRecord): Promise<void> {
  if (record.generation !== keys.generation) throw mismatch('is of another generation');
  const { version } = await keys.active(record.institution);
  const name = loadKey(record);
  if (version !== record.keyVersion) {
    const state = (await keys.find(name))?.state;
    if (record.state === 'receiving' || state !== 'accepting') {
      throw mismatch(
        `was begun under version ${record.keyVersion} of the institution's key, now it is ${version}`,
      );
    }
  }
  const fingerprints = await fingerprintsOf(keys, name);
  for (const [key, fingerprint] of Object.entries(fingerprints)) {
    if (record.fingerprints[key as KeyName] !== fingerprint)
      throw mismatch(`has codes of another key ${key}`);
  }
}

/**
 * Begins an operation that stores something of a load: waits while a switch is near.
 *
 * @throws RenkeiError as {@link requireSameKeys}
 */
export function beginLoading(
  parts: IssuerParts,
  record: LoadRecord,
  signal: AbortSignal | undefined,
): Promise<Operation> {
  return writing(parts, signal, async (operation) => {
    await requireSameKeys(operation.keys, record);
    return operation;
  });
}

async function fingerprintsOf(
  keys: KeysInForce,
  institutionKey: InstitutionAudience,
): Promise<Record<KeyName, string>> {
  const fingerprints: Record<KeyName, string> = {};
  for (const name of [linkKey(keys.generation), keys.storeKey, institutionKey]) {
    await keys.verify(name);
    fingerprints[name] = await keys.fingerprint(name);
  }
  return fingerprints;
}

function mismatch(what: string): RenkeiError {
  return new RenkeiError('SPILL_MISMATCH', `the spill folder ${what}`);
}
