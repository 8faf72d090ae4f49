import { Notebook } from './notebook.js';
import type { ReceiptStep } from './receipt.js';
import { checkRotationReceipt, type SignedReceipt } from './receipts.js';
import type { PlannedRotation } from './stored-plan.js';

/** The receipt of a step that was done before: whoever asks again gets it again. */
export function receiptOf({ record }: PlannedRotation, step: ReceiptStep): SignedReceipt | undefined {
  return Notebook.read(record.notebook).receipts.find(
    (receipt) => checkRotationReceipt({ receipt }).step === step,
  );
}
