import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Decrypter } from 'age-encryption';
import { Redacted } from '../../bytes/redacted.js';
import { throwIfAborted } from '../../errors/abort.js';
import { checkOptions, required, signalRule, textRule } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { isPublicKeyHex } from '../../signatures/p256.js';
import { type ExtractedRecord, readRow } from './extracted-record.js';
import { extractionInvalid, onDisk } from './faults.js';
import { type ExtractionManifest, readManifest } from './manifest.js';

/** Options of {@link openExtraction}. */
export interface OpenExtractionOptions {
  /** The encrypted file; its manifest is `<path>.manifest`. */
  readonly path: string;
  /**
   * The audit key's public half, from a source that is trusted and is not the extraction: SubjectPublicKeyInfo (DER),
   * bytes or lower-case hex.
   */
  readonly publicKey: Uint8Array | string;
  /** The recipient's private key: `AGE-SECRET-KEY-1…`. */
  readonly identity: string;
  /** Gives up between pieces of the file. */
  readonly signal?: AbortSignal;
}

/** Options of `Extraction.records`. */
export interface ReadExtractionOptions {
  /** Gives up between rows. */
  readonly signal?: AbortSignal;
}

/** An extraction whose signature and digest are right. */
export class Extraction extends Redacted {
  /** What it says of itself. */
  readonly manifest: ExtractionManifest;
  readonly #file: FileHandle;
  readonly #decrypter: Decrypter;

  /** @internal */
  constructor(manifest: ExtractionManifest, file: FileHandle, decrypter: Decrypter) {
    super();
    this.manifest = manifest;
    this.#file = file;
    this.#decrypter = decrypter;
  }

  /**
   * Its rows by serial number and branch. That they are all is known when the last one was handed out.
   *
   * @throws RenkeiError `EXTRACTION_INVALID` when the file was changed since it was opened, is encrypted to another
   *   recipient, or does not hold what its manifest counts; `EXTRACTION_FAULT`, `ABORTED`
   */
  async *records(options: ReadExtractionOptions = {}): AsyncGenerator<ExtractedRecord, void, undefined> {
    checkOptions('records', options, { signal: signalRule });
    const digest = createHash('sha256');
    const { file, counts } = this.manifest;
    const serials = { last: 0, records: 0, rows: 0 };
    for await (const line of this.#lines(digest)) {
      throwIfAborted(options.signal);
      const record = readRow(line);
      serials.rows++;
      if (record.row.serial !== serials.last) serials.records++;
      serials.last = record.row.serial;
      yield record;
    }
    if (digest.digest('hex') !== file.digest)
      throw extractionInvalid('the file was changed while it was read');
    if (serials.rows !== counts.rows || serials.records !== counts.records) {
      throw extractionInvalid('it does not hold as many records as its manifest says');
    }
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await onDisk('closing it', this.#file.close());
  }

  /** The same as {@link Extraction.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#lines(digest: ReturnType<typeof createHash>): AsyncGenerator<string, void, undefined> {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let rest = '';
    for await (const part of this.#decrypted(digest)) {
      const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') throw extractionInvalid('its last line does not end');
  }

  async *#decrypted(digest: ReturnType<typeof createHash>): AsyncGenerator<Uint8Array, void, undefined> {
    const file = this.#file;
    const pieces = async function* () {
      for await (const piece of fileParts(file)) {
        digest.update(piece);
        yield piece;
      }
    };
    const source = Readable.toWeb(Readable.from(pieces())) as globalThis.ReadableStream<Uint8Array>;
    try {
      yield* (await this.#decrypter.decrypt(source)) as unknown as AsyncIterable<Uint8Array>;
    } catch (error) {
      if (error instanceof RenkeiError) throw error;
      throw extractionInvalid('the key that was given does not open it');
    }
  }
}

/**
 * Opens an extraction, as the Commission does: needs its private key and the public half of the audit key, and neither HSM
 * nor store. The manifest's signature is checked first, then the digest of the whole file, before anything is decrypted.
 *
 * @throws RenkeiError `SIGNATURE_INVALID`, `EXTRACTION_INVALID`, `EXTRACTION_FAULT`, `ABORTED` or an option error
 */
export async function openExtraction(options: OpenExtractionOptions): Promise<Extraction> {
  checkOptions('openExtraction', options, {
    path: required(textRule),
    publicKey: required({
      expects: 'a P-256 SubjectPublicKeyInfo: bytes, or lower-case hex',
      check: (value) => isPublicKeyHex(hexOf(value)),
    }),
    identity: required(textRule),
    signal: signalRule,
  });
  const { path, publicKey, identity, signal } = options;
  const decrypter = decrypterWith(identity);
  const manifest = readManifest(
    await onDisk('reading it', readFile(`${path}.manifest`, 'utf8')),
    hexOf(publicKey) as string,
  );
  const file = await onDisk('opening it', open(path, 'r'));
  try {
    const digest = createHash('sha256');
    let bytes = 0;
    for await (const part of fileParts(file)) {
      throwIfAborted(signal);
      digest.update(part);
      bytes += part.length;
    }
    if (bytes !== manifest.file.bytes || digest.digest('hex') !== manifest.file.digest) {
      throw extractionInvalid('the file is not the one that its manifest is of');
    }
    return new Extraction(manifest, file, decrypter);
  } catch (error) {
    await file.close();
    throw error;
  }
}

const PART_BYTES = 65_536;

async function* fileParts(file: FileHandle): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = 0; ; ) {
    const part = new Uint8Array(PART_BYTES);
    const { bytesRead } = await onDisk('reading it', file.read(part, 0, PART_BYTES, position));
    if (bytesRead === 0) return;
    yield part.subarray(0, bytesRead);
    position += bytesRead;
  }
}

function decrypterWith(identity: string): Decrypter {
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(identity);
  } catch {
    throw new RenkeiError('OPTION_INVALID', 'openExtraction: option "identity" must be a private key of age');
  }
  return decrypter;
}

function hexOf(key: unknown): unknown {
  return key instanceof Uint8Array ? Buffer.from(key).toString('hex') : key;
}
