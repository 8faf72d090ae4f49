import type { RotationContext } from './context.js';
import type { Notebook } from './notebook.js';
import type { RotationReceipt } from './receipt.js';
import { RECEIPT_FORMAT, receiptDigest, type SignedReceipt, signReceipt } from './receipts.js';
import type { PlannedRotation } from './stored-plan.js';

/** What a step says of itself. */
export type StepFacts = Pick<RotationReceipt, 'step' | 'counts'> &
  Partial<Pick<RotationReceipt, 'deliveries' | 'injective' | 'sample' | 'proof' | 'cleared'>>;

/** Makes the receipt of a step, which follows those in the notebook, and signs it. */
export function makeReceipt(
  context: RotationContext,
  { record, plan }: PlannedRotation,
  notebook: Notebook,
  facts: StepFacts,
): Promise<SignedReceipt> {
  const before = notebook.receipts.at(-1);
  return signReceipt(context, {
    scheme: 'RK1',
    format: RECEIPT_FORMAT,
    rotation: record.id,
    kind: record.kind,
    subject: record.subject,
    from: plan.from,
    to: plan.to,
    deliveries: [],
    ...facts,
    times: { begun: new Date(record.createdAt).toISOString(), ended: new Date(context.now()).toISOString() },
    ...(before === undefined ? {} : { previous: receiptDigest(before) }),
  });
}
