import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type CheckedReceipt, checkRotationReceipt, RenkeiError } from 'renkei';
import { openDelivery } from 'renkei/delivery';
import { readGivenFile } from './given-file.js';
import { printReceipt } from './print-receipt.js';
import { readPublicKey } from './public-key-file.js';
import type { RotationArguments } from './rotation-arguments.js';

/**
 * Checks receipts of one rotation, in the order of its steps, and deliveries against them. Needs no HSM and no store.
 *
 * @param paths files of receipts
 * @throws RenkeiError `RECEIPT_INVALID`, `SIGNATURE_INVALID`, `DELIVERY_INVALID` or `OPTION_INVALID`
 */
export async function verifyReceipts(
  paths: readonly string[],
  values: RotationArguments['values'],
): Promise<string> {
  const trusted = values['public-key'];
  const publicKey = trusted === undefined ? undefined : await readPublicKey(trusted);
  const receipts: CheckedReceipt[] = [];
  let before: string | undefined;
  for (const path of paths) {
    const bytes = await readGivenFile(path, 'a receipt file');
    const receipt = checkRotationReceipt({
      receipt: bytes,
      ...(publicKey === undefined ? {} : { publicKey }),
    });
    const first = receipts[0];
    if (first !== undefined) checkChain(first, receipt, before);
    before = digestOf(bytes);
    receipts.push(receipt);
  }
  const checked: string[] = [];
  for (const path of values.delivery ?? []) checked.push(await checkDelivery(path, receipts));
  const isFromStart = receipts[0]?.previous === undefined;
  const notes = [
    isFromStart ? '' : 'A receipt comes before the first one given here; it was not checked.\n',
    publicKey === undefined
      ? 'The signatures are right. Compare the fingerprint of the audit key with one that you trust.\n'
      : 'The signatures are right, and by the audit key given.\n',
  ];
  return [...receipts.map(printReceipt), ...checked, notes.join('')].join('\n');
}

function checkChain(first: CheckedReceipt, receipt: CheckedReceipt, before: string | undefined): void {
  if (receipt.rotation === first.rotation && receipt.previous === before) return;
  throw new RenkeiError(
    'RECEIPT_INVALID',
    `the receipt of ${receipt.step} does not follow the one given before it`,
  );
}

/** Holds a delivery against the receipt that names it: every byte by its digest, every pair by the Merkle tree. */
async function checkDelivery(path: string, receipts: readonly CheckedReceipt[]): Promise<string> {
  const digest = await digestOfFile(path);
  const receipt = receipts.find(({ deliveries }) => deliveries.some((one) => one.digest === digest));
  const named = receipt?.deliveries.find((one) => one.digest === digest);
  if (receipt === undefined || named === undefined) {
    throw new RenkeiError('DELIVERY_INVALID', 'a delivery is not one that these receipts name');
  }
  const [kind, name = ''] = named.audience.split('/');
  await using delivery = await openDelivery({
    path,
    publicKey: receipt.signedBy.publicKey,
    ...(kind === 'record' ? { recordPeriod: name } : { institution: name }),
  });
  await delivery.verify();
  const { header } = delivery;
  const isAsNamed =
    header.rotation === receipt.rotation &&
    header.pairs === named.pairs &&
    header.merkleRoot === named.merkleRoot;
  if (!isAsNamed) throw new RenkeiError('DELIVERY_INVALID', 'a delivery is not as its receipt says');
  const pairs = named.pairs.toLocaleString('en');
  return `delivery ${named.file} for ${named.audience}: all ${pairs} pairs are as the receipt says\n`;
}

/** A line feed at the end is no part of a receipt. */
function digestOf(bytes: Uint8Array): string {
  const end = bytes.at(-1) === 0x0a ? -1 : undefined;
  return createHash('sha256').update(bytes.subarray(0, end)).digest('hex');
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch {
    throw new RenkeiError('OPTION_INVALID', 'a file of --delivery cannot be read');
  }
  return hash.digest('hex');
}
