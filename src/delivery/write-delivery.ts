import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AuditKeyName, parseKeyName } from '../codes/key-names.js';
import { throwIfAborted } from '../errors/abort.js';
import { checkOptions, functionRule, objectRule, required, signalRule, textRule } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { canonicalJson } from '../signatures/canonical-json.js';
import { isSigned, publicKeyFingerprint } from '../signatures/p256.js';
import { signedMessage } from '../signatures/signed-message.js';
import { requireFacts } from './check-header.js';
import { append, onDisk } from './faults.js';
import type { DeliveryFacts, DeliveryHeader } from './header.js';
import { BLOCK_PAIRS, FORMAT, prologue } from './layout.js';
import { PairsFile } from './pairs-file.js';

/** Options of {@link writeDelivery}. */
export interface WriteDeliveryOptions {
  /** Where the file is to be. It appears when it is whole; one that is there is replaced. */
  readonly path: string;
  /** What the delivery is. */
  readonly facts: DeliveryFacts;
  /**
   * The pairs: batches of n × 48 bytes, each an old code and the new one, all in strictly ascending order of old
   * codes.
   */
  readonly pairs: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** The audit key that signs. */
  readonly auditKey: {
    /** Its name. */
    readonly name: AuditKeyName;
    /** Its SubjectPublicKeyInfo (DER, 91 bytes). */
    readonly publicKey: Uint8Array;
  };
  /** Signs a message with that key: ECDSA on P-256 over its SHA-256, 64 bytes, lower s. Such as `Vault.sign`. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
  /** Gives up between batches with `ABORTED`; nothing is left. */
  readonly signal?: AbortSignal;
}

/**
 * Writes a delivery of new codes. Memory stays bounded but for 32 bytes a block of 1,024 pairs. Beside the file there
 * are `<path>.pairs` and `<path>.next` while it is written; a run that was killed leaves them to the next one.
 *
 * @throws RenkeiError `DELIVERY_INVALID` naming the pair that is out of order, `DELIVERY_FAULT`, `SIGNATURE_INVALID`
 *   when what `sign` gives is not right, `ABORTED`, or an option error
 */
export async function writeDelivery(options: WriteDeliveryOptions): Promise<DeliveryHeader> {
  checkOptions('writeDelivery', options, {
    path: required(textRule),
    facts: required(objectRule('an object')),
    pairs: required({ expects: 'batches of pairs', check: isIterable }),
    auditKey: required({ expects: 'the name of an audit key and its public key', check: isAuditKey }),
    sign: required(functionRule),
    signal: signalRule,
  });
  requireFacts(options.facts);
  const { path } = options;
  const temporary = unfinishedFiles(path);
  try {
    return await write(options, ...temporary);
  } finally {
    for (const file of temporary) await onDisk('removing a file', rm(file, { force: true }));
  }
}

/** Files that there are beside a delivery while it is written: all its pairs, and the whole of it. */
export function unfinishedFiles(path: string): readonly [string, string] {
  return [`${path}.pairs`, `${path}.next`];
}

async function write(
  { path, facts, pairs, auditKey, sign, signal }: WriteDeliveryOptions,
  pairsPath: string,
  nextPath: string,
): Promise<DeliveryHeader> {
  const pairsFile = new PairsFile(await onDisk('opening', open(pairsPath, 'w+', 0o600)));
  try {
    for await (const batch of pairs) {
      throwIfAborted(signal);
      await pairsFile.add(batch);
    }
    throwIfAborted(signal);
    await pairsFile.end();
    const { table, ...digests } = pairsFile.summary();
    const header: DeliveryHeader = {
      ...facts,
      format: FORMAT,
      scheme: 'RK1',
      pairs: pairsFile.pairs,
      blockPairs: BLOCK_PAIRS,
      ...digests,
      auditKey: { name: auditKey.name, fingerprint: publicKeyFingerprint(auditKey.publicKey) },
    };
    const bytes = new TextEncoder().encode(canonicalJson(header));
    const message = signedMessage(FORMAT, bytes);
    const signature = await sign(message);
    if (!isSigned(auditKey.publicKey, message, signature)) {
      throw new RenkeiError('SIGNATURE_INVALID', `the signature is none of key ${auditKey.name}`);
    }
    await durably(nextPath, 'w', async (file) => {
      for (const part of [prologue(bytes.length), bytes, signature, table]) await append(file, part);
      await pairsFile.copyTo(file);
    });
    await onDisk('renaming', rename(nextPath, path));
    await durably(dirname(path), 'r', async () => undefined);
    return header;
  } finally {
    await pairsFile.close();
  }
}

async function durably(path: string, flags: string, action: (file: FileHandle) => Promise<void>) {
  const file = await onDisk('opening', open(path, flags, 0o600));
  try {
    await action(file);
    await onDisk('synchronising', file.sync());
  } finally {
    await file.close();
  }
}

function isIterable(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}

function isAuditKey(value: unknown): boolean {
  const { name, publicKey } = (value ?? {}) as Partial<WriteDeliveryOptions['auditKey']>;
  try {
    return parseKeyName(name as string).kind === 'audit' && publicKey instanceof Uint8Array;
  } catch {
    return false;
  }
}
