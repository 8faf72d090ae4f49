import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { institutionAudience, recordAudience } from '../codes/key-names.js';
import { checkOptions, required, textRule } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { MerkleTree } from '../signatures/merkle-tree.js';
import { isSigned, publicKeyFingerprint, SIGNATURE_LENGTH } from '../signatures/p256.js';
import { publicKeyBytes, publicKeyRule } from '../signatures/public-keys.js';
import { signedMessage } from '../signatures/signed-message.js';
import { readHeader } from './check-header.js';
import { Delivery } from './delivery.js';
import { deliveryInvalid, onDisk, readAt } from './faults.js';
import type { DeliveryHeader } from './header.js';
import { FORMAT, HASH_LENGTH, headerLengthIn, layOut, PROLOGUE_LENGTH } from './layout.js';

/** Options of {@link openDelivery}. */
export interface OpenDeliveryOptions {
  /** The file. */
  readonly path: string;
  /**
   * The audit key's public half, from a source that is trusted and is not the delivery: SubjectPublicKeyInfo (DER),
   * 91 bytes or as lower-case hex.
   */
  readonly publicKey: Uint8Array | string;
  /** 機関コード of the institution that reads. Either this or `recordPeriod`. */
  readonly institution?: string;
  /** The record period whose codes are to be replaced. */
  readonly recordPeriod?: string;
}

/**
 * Opens a delivery of new codes. The signature is checked before anything else is looked at, then the header, the
 * length of the file and the table. Needs no HSM and no store.
 *
 * @throws RenkeiError `SIGNATURE_INVALID`, `DELIVERY_INVALID`, `DELIVERY_FAULT`, `INSTITUTION_CODE_INVALID`,
 *   `RECORD_PERIOD_INVALID` or an option error
 */
export async function openDelivery(options: OpenDeliveryOptions): Promise<Delivery> {
  checkOptions('openDelivery', options, {
    path: required(textRule),
    publicKey: required(publicKeyRule),
    institution: textRule,
    recordPeriod: textRule,
  });
  const audience = audienceOf(options);
  const key = publicKeyBytes(options.publicKey);
  const file = await onDisk('opening', open(options.path, 'r'));
  try {
    return await read(file, key, audience);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function audienceOf({ institution, recordPeriod }: OpenDeliveryOptions): string {
  if ((institution === undefined) === (recordPeriod === undefined)) {
    throw new RenkeiError(
      'OPTION_INVALID',
      'openDelivery: either "institution" or "recordPeriod" must be given',
    );
  }
  if (institution === undefined) return recordAudience(recordPeriod as string);
  return institutionAudience(institution, 1).slice(0, -'/1'.length);
}

async function read(file: FileHandle, key: Uint8Array, audience: string): Promise<Delivery> {
  const prologue = new Uint8Array(PROLOGUE_LENGTH);
  await readAt(file, prologue, 0);
  const length = headerLengthIn(prologue);
  if (length === undefined) throw deliveryInvalid(`it is no file of the format ${FORMAT}`);
  const signed = new Uint8Array(length + SIGNATURE_LENGTH);
  await readAt(file, signed, PROLOGUE_LENGTH);
  const headerBytes = signed.subarray(0, length);
  if (!isSigned(key, signedMessage(FORMAT, headerBytes), signed.subarray(length))) {
    throw new RenkeiError('SIGNATURE_INVALID', 'the delivery is not signed by the audit key that was given');
  }
  const header = readHeader(headerBytes);
  if (header.auditKey.fingerprint !== publicKeyFingerprint(key)) {
    throw deliveryInvalid('it names another audit key than the one that signed it');
  }
  if (header.audience !== audience)
    throw deliveryInvalid(`it is for ${header.audience}, not for ${audience}`);
  const { table, tableLength, firstPair, end } = layOut(length, header.pairs);
  const { size } = await onDisk('reading', file.stat());
  if (size !== end) throw deliveryInvalid(size < end ? 'it is cut off' : 'something follows its last pair');
  const hashes = new Uint8Array(tableLength);
  await readAt(file, hashes, table);
  checkTable(hashes, header);
  return new Delivery(file, header, hashes, firstPair);
}

function checkTable(table: Uint8Array, { tableDigest, merkleRoot }: DeliveryHeader): void {
  const tree = new MerkleTree();
  for (let at = 0; at < table.length; at += HASH_LENGTH)
    tree.appendHash(table.subarray(at, at + HASH_LENGTH));
  const isRight =
    createHash('sha256').update(table).digest('hex') === tableDigest &&
    Buffer.from(tree.root()).toString('hex') === merkleRoot;
  if (!isRight) throw deliveryInvalid('its table is not as it was written');
}
