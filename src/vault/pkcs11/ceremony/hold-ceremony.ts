import { createHash } from 'node:crypto';
import { type AuditKeyName, parseKeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { type LogDetails, logged } from '../../../lifecycle/operation-log.js';
import { isSigned } from '../../../signatures/p256.js';
import type { KeyLevel } from '../key-profile.js';
import type { SessionWorker } from '../session-worker.js';
import { withTokenSession } from '../token-session.js';
import type { CeremonyOptions } from './ceremony-options.js';
import {
  type CeremonyKind,
  type CeremonyRecord,
  type RecordedKey,
  signedBytes,
  type UnsignedRecord,
} from './ceremony-record.js';

/** What an audit key signs to show that it can. It is no record: records begin with a brace. */
const TRIAL = new TextEncoder().encode('renkei ceremony: trial signature');

/** What is done in a ceremony, and at which level. */
export interface CeremonyAct {
  readonly ceremony: CeremonyKind;
  readonly level: KeyLevel | null;
  /** Does it; everything else is the frame that all ceremonies share. */
  readonly act: (worker: SessionWorker) => Promise<readonly RecordedKey[]>;
  /** What it is about, for the log: names of keys. */
  readonly about: LogDetails;
  /** The audit key that must not sign, because it is to be destroyed. */
  readonly notSignedBy?: string;
}

/**
 * Holds a ceremony in one session and signs its record. The signer is the newest audit key that was there before: who
 * trusts it learns from the record of its successor. Only the first ceremony is signed by a key that it made.
 */
export function holdCeremony(options: CeremonyOptions, held: CeremonyAct): Promise<CeremonyRecord> {
  const { ceremony, level, about } = held;
  return logged({
    log: options.log,
    event: `ceremony.${ceremony}`,
    details: { ...about, ...(level === null ? {} : { level }) },
    run: () => hold(options, held),
    // What was done to the token cannot be done again, and the record is what proves it.
    isResultUnique: true,
    outcome: (record) => ({
      keys: record.keys.map(({ name }) => name),
      fingerprints: record.keys.map(({ fingerprint }) => fingerprint),
      record: createHash('sha256').update(signedBytes(record)).digest('hex'),
    }),
  });
}

function hold(options: CeremonyOptions, { ceremony, level, act, notSignedBy }: CeremonyAct) {
  const at = (options.now?.() ?? new Date()).toISOString();
  return withTokenSession(options, 'write', async (worker): Promise<CeremonyRecord> => {
    const before = await newestAuditKey(worker, notSignedBy);
    if (before === undefined && ceremony !== 'init') {
      throw new RenkeiError('KEY_NOT_FOUND', 'there is no audit key on the token that could sign the record');
    }
    // Before anything is done: what was done could not be undone because its record cannot be signed.
    if (before !== undefined) await signAs(worker, await publicKeyOf(worker, before), TRIAL);
    const description = await worker.ask('describeToken', null);
    const keys = await act(worker);
    const signer = before ?? ((await newestAuditKey(worker, undefined)) as AuditKeyName);
    const signedBy = await publicKeyOf(worker, signer);
    const unsigned: UnsignedRecord = {
      format: 'renkei-ceremony-record',
      version: 1,
      ceremony,
      at,
      who: [...options.who],
      level,
      ...description,
      keys,
      signedBy,
    };
    return { ...unsigned, signature: await signAs(worker, signedBy, signedBytes(unsigned)) };
  });
}

type Signer = CeremonyRecord['signedBy'];

async function publicKeyOf(worker: SessionWorker, name: AuditKeyName): Promise<Signer> {
  const { fingerprint, publicHalf } = await worker.ask('describeKey', { name });
  return { name, fingerprint, publicKey: publicHalf?.publicKey ?? '' };
}

async function signAs(worker: SessionWorker, { name, publicKey }: Signer, bytes: Uint8Array) {
  const digest = createHash('sha256').update(bytes).digest();
  const { signature } = await worker.ask('sign', { key: name, digest });
  // The public half is an object of its own, which a holder of the PIN may have replaced.
  if (!isSigned(Buffer.from(publicKey, 'hex'), bytes, Buffer.from(signature, 'hex'))) {
    throw new RenkeiError('KEY_FINGERPRINT_MISMATCH', `the halves of key ${name} do not belong together`);
  }
  return signature;
}

async function newestAuditKey(
  worker: SessionWorker,
  except: string | undefined,
): Promise<AuditKeyName | undefined> {
  const { names } = await worker.ask('listKeys', null);
  let newest: { readonly name: AuditKeyName; readonly version: number } | undefined;
  for (const name of names) {
    const parsed = parseKeyName(name);
    if (parsed.kind !== 'audit' || name === except) continue;
    if (newest === undefined || parsed.version > newest.version) newest = parsed;
  }
  return newest?.name;
}
