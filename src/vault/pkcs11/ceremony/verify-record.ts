import type { KeyName } from '../../../codes/key-names.js';
import { checkOptions } from '../../../errors/options.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { AttributeName } from '../attributes.js';
import type { AttributeValue, KeyDescription, ReadAttributes } from '../key-description.js';
import { checkToken, TOKEN_RULES, type TokenOptions } from '../options.js';
import { type Deviation, sameValue } from '../readable-profile.js';
import type { SessionWorker } from '../session-worker.js';
import { withTokenSession } from '../token-session.js';
import type { CeremonyRecord, RecordedKey } from './ceremony-record.js';
import { checkCeremonyRecord, RECORD_RULE } from './check-record.js';

/** Options of {@link verifyCeremonyRecord}. */
export interface VerifyRecordOptions extends TokenOptions {
  /** The text of the record file, or its bytes. */
  readonly record: string | Uint8Array;
}

/** One key of a record, held against the token. */
export interface VerifiedKey {
  /** The key's name. */
  readonly name: KeyName;
  /** `as-recorded`: there, with the same fingerprint and attributes; or destroyed, and not there. */
  readonly status:
    | 'as-recorded'
    | 'missing'
    | 'ambiguous'
    | 'other-key'
    | 'attributes-differ'
    | 'not-destroyed';
  /** The attributes that differ: `expected` is the record's, `found` the token's. */
  readonly differences: readonly Deviation[];
}

/** A record held against a token. */
export interface RecordVerification {
  /** True when everything is as recorded. */
  readonly matches: boolean;
  /** The record, its signature checked. */
  readonly record: CeremonyRecord;
  /** False when the token has another serial number: a restored backup, or another token altogether. */
  readonly sameSerial: boolean;
  /** False when the token has no such audit key or another one under its name. */
  readonly sameAuditKey: boolean;
  /** Key by key, in the order of the record. */
  readonly keys: readonly VerifiedKey[];
}

/**
 * Holds an old ceremony record against a token: the signature, the audit key that made it, and presence, fingerprint
 * and attributes of every key. What differs is reported, not thrown.
 *
 * @throws RenkeiError `CEREMONY_RECORD_INVALID`, an option error or a module error
 */
export async function verifyCeremonyRecord(options: VerifyRecordOptions): Promise<RecordVerification> {
  const { record: file, ...token } = options;
  checkOptions('verifyCeremonyRecord', options, { ...TOKEN_RULES, record: RECORD_RULE });
  checkToken('verifyCeremonyRecord', options.token);
  const record = checkCeremonyRecord({ record: file });
  return withTokenSession(token, 'read', async (worker) => {
    const description = await worker.ask('describeToken', null);
    const sameSerial = description.token.serial === record.token.serial;
    const auditKey = await describe(worker, record.signedBy.name);
    const sameAuditKey =
      typeof auditKey === 'object' && auditKey.publicHalf?.publicKey === record.signedBy.publicKey;
    const keys: VerifiedKey[] = [];
    for (const key of record.keys) keys.push(compare(key, await describe(worker, key.name)));
    const matches = sameSerial && sameAuditKey && keys.every(({ status }) => status === 'as-recorded');
    return { matches, record, sameSerial, sameAuditKey, keys };
  });
}

type Found = KeyDescription | 'missing' | 'ambiguous';

async function describe(worker: SessionWorker, name: KeyName): Promise<Found> {
  try {
    return await worker.ask('describeKey', { name });
  } catch (error) {
    if (error instanceof RenkeiError && error.code === 'KEY_NOT_FOUND') return 'missing';
    if (error instanceof RenkeiError && error.code === 'KEY_AMBIGUOUS') return 'ambiguous';
    throw error;
  }
}

function compare(recorded: RecordedKey, found: Found): VerifiedKey {
  const { name } = recorded;
  const report = (status: VerifiedKey['status'], differences: readonly Deviation[] = []) => ({
    name,
    status,
    differences,
  });
  if (recorded.outcome === 'destroyed') return report(found === 'missing' ? 'as-recorded' : 'not-destroyed');
  if (typeof found === 'string') return report(found);
  if (found.fingerprint !== recorded.fingerprint) return report('other-key');
  const differences = [
    ...differing(recorded.attributes, found.attributes),
    ...differing(recorded.publicHalf?.attributes ?? {}, found.publicHalf?.attributes ?? {}),
  ];
  return report(differences.length === 0 ? 'as-recorded' : 'attributes-differ', differences);
}

function differing(recorded: ReadAttributes, found: ReadAttributes): Deviation[] {
  const names = new Set([...Object.keys(recorded), ...Object.keys(found)]) as ReadonlySet<AttributeName>;
  const value = (of: ReadAttributes, name: AttributeName): AttributeValue => of[name] ?? null;
  return [...names]
    .filter((name) => !sameValue(value(recorded, name), value(found, name)))
    .map((attribute) => ({
      attribute,
      expected: value(recorded, attribute),
      found: value(found, attribute),
    }));
}
