import { join } from 'node:path';
import { recordAudience } from '../../codes/key-names.js';
import type { Delivery } from '../../delivery/delivery.js';
import { openDelivery } from '../../delivery/open-delivery.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { ReceiptDelivery, ReceiptStep } from '../../rotation/receipt.js';
import { type CheckedReceipt, checkRotationReceipt, receiptDigest } from '../../rotation/receipts.js';

/** What a change of generation delivered for a record period, by its receipts. */
export interface PeriodDeliveries {
  /** Number of the rotation. */
  readonly rotation: number;
  /** Files of the period, the main one first; none when the period came on record after the switch. */
  readonly files: readonly ReceiptDelivery[];
}

/**
 * Reads which files were delivered for a period. The receipt of the switch names that of the verification by its digest,
 * and each lists its files: with both, and both signed, no file can be missing.
 *
 * @param publicKey the audit key's public half: SubjectPublicKeyInfo (DER) in lower-case hex
 * @throws RenkeiError `RECEIPT_INVALID` or `SIGNATURE_INVALID`
 */
export function deliveriesOf(
  receipts: { readonly verify: string; readonly switch: string },
  period: string,
  publicKey: string,
): PeriodDeliveries {
  const read = (step: ReceiptStep, receipt: string): CheckedReceipt => {
    const checked = checkRotationReceipt({ receipt, publicKey });
    if (checked.step === step && checked.kind === 'generation') return checked;
    throw refused(`it is not that of the step ${step} of a change of generation`);
  };
  const verified = read('verify', receipts.verify);
  const switched = read('switch', receipts.switch);
  if (switched.previous !== receiptDigest(receipts.verify.replace(/\n$/, ''))) {
    throw refused('that of the switch does not name that of the verification');
  }
  const audience = recordAudience(period);
  const files = [...verified.deliveries, ...switched.deliveries];
  return { rotation: switched.rotation, files: files.filter((file) => file.audience === audience) };
}

/**
 * Opens one of these files.
 *
 * @throws RenkeiError `DELIVERY_INVALID` also when it is another one than the receipt names
 */
export async function openListed(
  folder: string,
  { rotation }: PeriodDeliveries,
  listed: ReceiptDelivery,
  period: string,
  publicKey: string,
): Promise<Delivery> {
  const delivery = await openDelivery({ path: join(folder, listed.file), publicKey, recordPeriod: period });
  const { header } = delivery;
  const isListed =
    header.rotation === rotation && header.pairs === listed.pairs && header.merkleRoot === listed.merkleRoot;
  if (isListed) return delivery;
  await delivery.close();
  throw new RenkeiError('DELIVERY_INVALID', `the file ${listed.file} is not the one that the receipt names`);
}

function refused(why: string): RenkeiError {
  return new RenkeiError('RECEIPT_INVALID', `the receipt is refused: ${why}`);
}
