import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ReadableStream } from 'node:stream/web';
import { Encrypter } from 'age-encryption';
import { type AuditKeyName, parseKeyName } from '../../codes/key-names.js';
import { signalOption, throwIfAborted } from '../../errors/abort.js';
import {
  checkOptions,
  functionRule,
  objectRule,
  required,
  signalRule,
  textRule,
} from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { MerkleTree } from '../../signatures/merkle-tree.js';
import { publicKeyFingerprint } from '../../signatures/p256.js';
import type { RecordStore } from '../../stores/record-port.js';
import type { Vault } from '../../vault/port.js';
import { everyRecord } from '../every-record.js';
import { behalfDetails, ON_BEHALF_RULES, type OnBehalf } from '../on-behalf.js';
import { writeRow } from './extracted-record.js';
import { onDisk } from './faults.js';
import { checkFilter, type ExtractionFilter, isWanted } from './filter.js';
import { EXTRACTION_FORMAT, type ExtractionManifest, signManifest } from './manifest.js';

/** How far an extraction has come. */
export interface ExtractionProgress {
  /** Rows that were written so far. */
  readonly rows: number;
}

/** Options of {@link extractRecords}. */
export interface ExtractRecordsOptions extends OnBehalf {
  /** The record file. Stays the caller's. */
  readonly store: RecordStore;
  /** Signs the manifest. Stays the caller's. */
  readonly vault: Vault;
  /** Name of the audit key that signs, such as `audit/1`. */
  readonly auditKey: AuditKeyName | string;
  /** Where the encrypted file is to be; its manifest is `<path>.manifest`. Files that are there are replaced. */
  readonly path: string;
  /** Whom it is encrypted to: a recipient of age, such as `age1…`. */
  readonly recipient: string;
  /** Which records. Default: all. */
  readonly filter?: ExtractionFilter;
  /** Told after each page. */
  readonly onProgress?: (progress: ExtractionProgress) => void;
  /** The clock, in milliseconds since 1970-01-01 UTC. Default `Date.now`. */
  readonly now?: () => number;
  /** Gives up between pages; no file appears. */
  readonly signal?: AbortSignal;
}

/** Bytes of lines that are encrypted at once. */
const CHUNK_BYTES = 65_536;

/**
 * Extracts records for the Commission (個人情報保護委員会): an encrypted file in the format of age, one row a line as JSON, and
 * a manifest that holds its digest, signed by the audit key. Record codes are not in it. An entry `records.extracting` of
 * the operation log is durable before the first row is read, and an entry `records.extracted` with counts and digest
 * before the files appear, whole, the manifest last. Memory stays constant.
 *
 * @throws RenkeiError `EXTRACTION_FAULT` (retryable), `SIGNATURE_INVALID`, `INSTITUTION_CODE_INVALID`,
 *   `RECORD_PERIOD_INVALID`, `KEY_NAME_INVALID`, `ABORTED`, an option error, a vault error or a store error
 */
export async function extractRecords(options: ExtractRecordsOptions): Promise<ExtractionManifest> {
  checkOptions('extractRecords', options, {
    ...ON_BEHALF_RULES,
    store: required(objectRule('a record file')),
    vault: required(objectRule('a vault')),
    auditKey: required(textRule),
    path: required(textRule),
    recipient: required(textRule),
    filter: objectRule('an object'),
    onProgress: functionRule,
    now: functionRule,
    signal: signalRule,
  });
  const { path, filter = {} } = options;
  checkFilter(filter);
  const auditKey = auditKeyOf(options.auditKey);
  const encrypter = encrypterTo(options.recipient);
  const temporary = [`${path}.next`, `${path}.manifest.next`] as const;
  try {
    return await extract(options, filter, auditKey, encrypter, temporary);
  } finally {
    for (const file of temporary) await onDisk('removing it', rm(file, { force: true }));
  }
}

async function extract(
  options: ExtractRecordsOptions,
  filter: ExtractionFilter,
  auditKey: AuditKeyName,
  encrypter: Encrypter,
  [nextFile, nextManifest]: readonly [string, string],
): Promise<ExtractionManifest> {
  const { store, vault, path, who, receiptNumber, now = Date.now, signal } = options;
  const recipient = createHash('sha256').update(options.recipient).digest('hex').slice(0, 16);
  const publicKey = await vault.publicKey(auditKey);
  const head = await store.logHead(signalOption(signal));
  const at = now();
  const details = { ...behalfDetails(options), ...filter, recipient };
  const begun = await store.appendLog([{ event: 'records.extracting', details }], at, signalOption(signal));
  const { counts, ...file } = await durably(nextFile, (handle) =>
    encryptTo(handle, encrypter, options, filter),
  );
  const manifest: ExtractionManifest = {
    format: EXTRACTION_FORMAT,
    who,
    receiptNumber,
    madeAt: new Date(at).toISOString(),
    filter,
    counts,
    file: { ...file, recipient },
    log: {
      size: head.size,
      root: Buffer.from(new MerkleTree(head.size, head.subtrees).root()).toString('hex'),
      entry: begun.first,
    },
    signedBy: {
      key: auditKey,
      publicKey: Buffer.from(publicKey).toString('hex'),
      fingerprint: publicKeyFingerprint(publicKey),
    },
  };
  const signed = await signManifest(manifest, (message) => vault.sign(auditKey, message));
  await durably(nextManifest, (handle) => handle.writeFile(signed));
  const ended = { receipt: receiptNumber, begun: begun.first, ...counts, digest: file.digest };
  await store.appendLog([{ event: 'records.extracted', details: ended }], now(), signalOption(signal));
  await onDisk('renaming it', rename(nextFile, path));
  await onDisk('renaming it', rename(nextManifest, `${path}.manifest`));
  await durably(dirname(path), async () => undefined, 'r');
  return manifest;
}

/** Encrypts the records into a file: how many there are, and its length and digest. */
async function encryptTo(
  handle: FileHandle,
  encrypter: Encrypter,
  { store, onProgress, signal }: ExtractRecordsOptions,
  filter: ExtractionFilter,
): Promise<{ counts: ExtractionManifest['counts']; bytes: number; digest: string }> {
  const counts = { records: 0, rows: 0 };
  const lines = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    let chunk = '';
    for await (const branches of everyRecord(store, signal)) {
      throwIfAborted(signal);
      if (!isWanted(branches, filter)) continue;
      counts.records++;
      for (const row of branches) {
        counts.rows++;
        chunk += `${writeRow(row)}\n`;
      }
      if (chunk.length < CHUNK_BYTES) continue;
      yield Buffer.from(chunk);
      chunk = '';
      onProgress?.({ rows: counts.rows });
    }
    yield Buffer.from(chunk);
  };
  const plain = ReadableStream.from(lines()) as unknown as globalThis.ReadableStream<Uint8Array>;
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const part of (await encrypter.encrypt(plain)) as unknown as AsyncIterable<Uint8Array>) {
    digest.update(part);
    bytes += part.length;
    await onDisk('writing it', handle.appendFile(part));
  }
  return { counts, bytes, digest: digest.digest('hex') };
}

/** Opens a file, does something with it, and sees to it that it is on the disk. */
async function durably<T>(path: string, action: (handle: FileHandle) => Promise<T>, flags = 'w'): Promise<T> {
  const handle = await onDisk('opening it', open(path, flags, 0o600));
  try {
    const result = await onDisk('writing it', action(handle));
    await onDisk('synchronising it', handle.sync());
    return result;
  } finally {
    await handle.close();
  }
}

function auditKeyOf(name: string): AuditKeyName {
  if (parseKeyName(name).kind === 'audit') return name as AuditKeyName;
  throw new RenkeiError('KEY_NAME_INVALID', 'extractions are signed by a key of the kind audit/<version>');
}

function encrypterTo(recipient: string): Encrypter {
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch {
    throw new RenkeiError(
      'OPTION_INVALID',
      'extractRecords: option "recipient" must be a recipient of age: age1…',
    );
  }
  return encrypter;
}
