import { pauseFor } from '../lifecycle/pause.js';
import { assemble } from './assemble.js';
import { moveOn, type RotationContext, readRotation, requireKeys, requireStatus } from './context.js';
import { takeInEverybody } from './everybody.js';
import { incomplete } from './faults.js';
import { aloneInFolder, removePartFiles } from './folder.js';
import { makeReceipt } from './make-receipt.js';
import { Notebook } from './notebook.js';
import { drainNotes } from './notes.js';
import type { SwitchOptions } from './options.js';
import type { ReceiptDelivery } from './receipt.js';
import { receiptOf } from './receipt-of.js';
import type { SignedReceipt } from './receipts.js';
import type { PlannedRotation } from './stored-plan.js';
import { switching } from './transitions.js';
import { requireNobodyNew } from './verify.js';

const DEFAULT_GRACE_MS = 500;
/** How much longer than the grace issuers are held back at most: for the last rows to be taken in. */
const HOLD_MS = 3_000;
/** How often it is tried when rows keep slipping in. */
const TRIES = 5;

/**
 * Makes the new keys the active ones. Issuers are asked to hold back new batches, those that have begun are given a
 * grace, the last rows go into a supplement; then all keys change at once. Again gives the same receipt.
 *
 * @throws RenkeiError `ROTATION_STATUS`, `ROTATION_INCOMPLETE` when rows keep coming, `ROTATION_FOLDER`, a key, vault
 *   or store error
 */
export function switchRotation(
  context: RotationContext,
  id: number,
  options: SwitchOptions,
): Promise<SignedReceipt> {
  const { folder } = options;
  return aloneInFolder(folder, async () => {
    const rotation = await readRotation(context, id, options.signal);
    const before = receiptOf(rotation, 'switch');
    if (before === undefined) requireStatus(rotation, 'switch', 'verified');
    const receipt = before ?? (await switchKeys(context, rotation, options));
    await removePartFiles(folder, rotation.plan);
    return receipt;
  });
}

async function switchKeys(
  context: RotationContext,
  rotation: PlannedRotation,
  { folder, graceMs = DEFAULT_GRACE_MS, signal }: SwitchOptions,
): Promise<SignedReceipt> {
  const { store, now } = context;
  const { plan, record } = rotation;
  await requireKeys(context, [...plan.from, ...plan.to]);
  // Most is taken in, and everybody is looked at, before anybody is held back.
  await takeInEverybody(context, rotation, folder, signal);
  try {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      await store.hold(now() + graceMs + HOLD_MS);
      await pauseFor(graceMs, signal);
      await drainNotes(context, rotation, folder, signal);
      await requireNobodyNew(context, rotation);
      const receipt = await tryToSwitch(context, rotation, folder, signal);
      if (receipt !== undefined) return receipt;
      requireStatus(await readRotation(context, record.id), 'switch', 'verified');
    }
  } finally {
    await store.hold(0);
  }
  throw incomplete(record.id, 'rows keep being written: give the calls that have begun a longer grace');
}

/** Undefined when a row was written just before. */
async function tryToSwitch(
  context: RotationContext,
  rotation: PlannedRotation,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<SignedReceipt | undefined> {
  const { plan, record } = rotation;
  const current = await readRotation(context, record.id);
  const notebook = Notebook.read(current.record.notebook);
  const supplements = notebook.openSupplements;
  const deliveries: ReceiptDelivery[] = [];
  for (const delivery of plan.deliveries.keys()) {
    const files = supplements.filter((file) => file.delivery === delivery);
    if (files.length === 0) continue;
    deliveries.push(
      await assemble(context, rotation, { folder, delivery, sequence: 2, files, sampleSize: 0, signal }),
    );
  }
  const receipt = await makeReceipt(context, rotation, notebook, {
    step: 'switch',
    counts: {
      supplemented: supplements.reduce((sum, { rows }) => sum + rows, 0),
      pairs: deliveries.reduce((sum, { pairs }) => sum + pairs, 0),
    },
    deliveries,
    ...(deliveries.length > 0 ? { injective: true } : {}),
  });
  const isMoved = await moveOn(context, rotation, {
    from: 'verified',
    to: 'switched',
    keys: switching(plan, await context.store.listKeys()),
    notebook: notebook.with({ receipt }).toString(),
  });
  return isMoved ? receipt : undefined;
}
