import { checkOptions, required } from '../../../errors/options.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { isPublicKeyHex, isSigned, publicKeyFingerprint } from '../../../signatures/p256.js';
import { type CeremonyRecord, formatCeremonyRecord, signedBytes } from './ceremony-record.js';

/** Options of {@link checkCeremonyRecord}. */
export interface CheckRecordOptions {
  /** The text of the record file, or its bytes. */
  readonly record: string | Uint8Array;
  /**
   * The audit key the record must be signed by: SubjectPublicKeyInfo (DER) in hex. Without it the record only proves
   * that it is whole, not who signed it: compare the fingerprint with one from a record you trust.
   */
  readonly publicKey?: string;
}

/** The rule for the option that holds a record. */
export const RECORD_RULE = required({
  expects: 'the text or the bytes of a record',
  check: (value) => typeof value === 'string' || value instanceof Uint8Array,
});

const HEX_SIGNATURE = /^[0-9a-f]{128}$/;

/**
 * Reads a record file and checks its signature. Needs no HSM. A record is accepted in one form only, byte for byte.
 *
 * @throws RenkeiError `CEREMONY_RECORD_INVALID`, or an option error
 */
export function checkCeremonyRecord(options: CheckRecordOptions): CeremonyRecord {
  checkOptions('checkCeremonyRecord', options, {
    record: RECORD_RULE,
    publicKey: {
      expects: 'a P-256 SubjectPublicKeyInfo in lower-case hex',
      check: isPublicKeyHex,
    },
  });
  const text = decode(options.record);
  const record = parse(text);
  const { signedBy, signature } = record;
  if (options.publicKey !== undefined && signedBy.publicKey !== options.publicKey) {
    throw invalid('it is signed by another audit key than the one given');
  }
  const der = Buffer.from(signedBy.publicKey, 'hex');
  if (publicKeyFingerprint(der) !== signedBy.fingerprint) {
    throw invalid('its audit key has another fingerprint than it says');
  }
  if (!isSigned(der, signedBytes(record), Buffer.from(signature, 'hex')))
    throw invalid('its signature is not right');
  // Nothing that is not signed may stand in the file.
  if (formatCeremonyRecord(record) !== text) throw invalid('it is not written in the canonical form');
  return record;
}

function decode(record: string | Uint8Array): string {
  if (typeof record === 'string') return record;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(record);
  } catch {
    throw invalid('it is not UTF-8');
  }
}

/** Checks no more than the signature needs: what an audit key signed has the form this library gave it. */
function parse(text: string): CeremonyRecord {
  let record: Partial<CeremonyRecord> | null;
  try {
    record = JSON.parse(text) as Partial<CeremonyRecord> | null;
  } catch {
    throw invalid('it is not JSON');
  }
  if (record?.format !== 'renkei-ceremony-record') throw invalid('it is no ceremony record');
  if (record.version !== 1) throw invalid('this library reads records of version 1');
  const { signedBy, signature } = record;
  if (
    typeof signature !== 'string' ||
    !HEX_SIGNATURE.test(signature) ||
    !isPublicKeyHex(signedBy?.publicKey)
  ) {
    throw invalid('it has no signature, or no P-256 audit key');
  }
  return record as CeremonyRecord;
}

function invalid(why: string): RenkeiError {
  return new RenkeiError('CEREMONY_RECORD_INVALID', `the ceremony record is refused: ${why}`);
}
