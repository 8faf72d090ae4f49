import { createHash } from 'node:crypto';
import { checkOptions, type OptionRule, required } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { canonicalJson } from '../signatures/canonical-json.js';
import { isPublicKeyHex, isSigned, publicKeyFingerprint } from '../signatures/p256.js';
import { signedMessage } from '../signatures/signed-message.js';
import { wrongInReceipt } from './check-receipt.js';
import type { RotationContext } from './context.js';
import type { RotationReceipt } from './receipt.js';

/** A receipt as it is kept and handed on: canonical JSON with the signature in it. */
export type SignedReceipt = string;

/** Name of the format, and what its signature is for. */
export const RECEIPT_FORMAT = 'renkei-rotation-receipt/1';

/** Who signed a receipt. */
export interface ReceiptSigner {
  /** Name of the audit key. */
  readonly key: string;
  /** SubjectPublicKeyInfo (DER), lower-case hex. */
  readonly publicKey: string;
  /** First 8 bytes of SHA-256 over it, lower-case hex. */
  readonly fingerprint: string;
}

/** A receipt whose signature was checked. */
export interface CheckedReceipt extends RotationReceipt {
  /** Who signed it. */
  readonly signedBy: ReceiptSigner;
}

/** Options of {@link checkRotationReceipt}. */
export interface CheckReceiptOptions {
  /** The receipt as it is kept. A line feed at the end is no part of it. */
  readonly receipt: SignedReceipt | Uint8Array;
  /**
   * The audit key's public half, from a source that is trusted: SubjectPublicKeyInfo (DER) in lower-case hex. Without
   * it the receipt only proves that it is whole, not who signed it.
   */
  readonly publicKey?: string;
}

/** Signs a receipt with the audit key. */
export async function signReceipt(
  { vault, auditKey }: Pick<RotationContext, 'vault' | 'auditKey'>,
  receipt: RotationReceipt,
): Promise<SignedReceipt> {
  const publicKey = await vault.publicKey(auditKey);
  const signedBy: ReceiptSigner = {
    key: auditKey,
    publicKey: Buffer.from(publicKey).toString('hex'),
    fingerprint: publicKeyFingerprint(publicKey),
  };
  const content = { ...receipt, signedBy };
  const signature = await vault.sign(auditKey, messageOf(content));
  const signed = canonicalJson({ ...content, signature: Buffer.from(signature).toString('hex') });
  checkRotationReceipt({ receipt: signed });
  return signed;
}

/** SHA-256 of a receipt, lower-case hex: the next one names it. */
export function receiptDigest(receipt: SignedReceipt): string {
  return createHash('sha256').update(receipt).digest('hex');
}

const RULES: Readonly<Record<string, OptionRule>> = {
  receipt: required({
    expects: 'the text or the bytes of a receipt',
    check: (value) => typeof value === 'string' || value instanceof Uint8Array,
  }),
  publicKey: { expects: 'a P-256 SubjectPublicKeyInfo in lower-case hex', check: isPublicKeyHex },
};

/**
 * Reads a receipt of a rotation and checks its signature. Needs no HSM and no store. A receipt is accepted in one form
 * only, byte for byte.
 *
 * @throws RenkeiError `RECEIPT_INVALID`, `SIGNATURE_INVALID` when it is signed by another key or not rightly, or an
 *   option error
 */
export function checkRotationReceipt(options: CheckReceiptOptions): CheckedReceipt {
  checkOptions('checkRotationReceipt', options, RULES);
  const text = textOf(options.receipt);
  const { signature, ...content } = parse(text);
  const { signedBy } = content;
  if (options.publicKey !== undefined && signedBy.publicKey !== options.publicKey) {
    throw new RenkeiError(
      'SIGNATURE_INVALID',
      'the receipt is signed by another audit key than the one given',
    );
  }
  const key = Buffer.from(signedBy.publicKey, 'hex');
  if (!isSigned(key, messageOf(content), Buffer.from(signature, 'hex'))) {
    throw new RenkeiError('SIGNATURE_INVALID', 'the signature of the receipt is not right');
  }
  if (publicKeyFingerprint(key) !== signedBy.fingerprint) throw invalid('it names its key wrongly');
  // Nothing that is not signed may stand in it.
  if (canonicalJson({ ...content, signature }) !== text) throw invalid('it is not in the canonical form');
  return content;
}

function messageOf(content: CheckedReceipt): Uint8Array {
  return signedMessage(RECEIPT_FORMAT, Buffer.from(canonicalJson(content)));
}

function textOf(receipt: string | Uint8Array): string {
  if (typeof receipt === 'string') return receipt.replace(/\n$/, '');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(receipt).replace(/\n$/, '');
  } catch {
    throw invalid('it is no text');
  }
}

function parse(text: string): CheckedReceipt & { readonly signature: string } {
  let value: Partial<CheckedReceipt & { signature: unknown }> | null;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('it is no JSON');
  }
  if (value?.format !== RECEIPT_FORMAT) throw invalid(`it is none of the format ${RECEIPT_FORMAT}`);
  const why = wrongInReceipt(value);
  if (why !== undefined) throw invalid(`it is not right: ${why}`);
  return value as CheckedReceipt & { readonly signature: string };
}

function invalid(why: string): RenkeiError {
  return new RenkeiError('RECEIPT_INVALID', `the receipt is refused: ${why}`);
}
