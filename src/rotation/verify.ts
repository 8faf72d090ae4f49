import { RenkeiError } from '../errors/renkei-error.js';
import type { VaultEngine } from '../vault/port.js';
import { assemble, type Inspected } from './assemble.js';
import { moveOrRefuse, type RotationContext, readRotation, requireKeys, requireStatus } from './context.js';
import { countIssuances } from './counting.js';
import { takeInEverybody } from './everybody.js';
import { incomplete } from './faults.js';
import { aloneInFolder, removePartFiles } from './folder.js';
import { makeReceipt } from './make-receipt.js';
import { Notebook } from './notebook.js';
import type { VerifyOptions } from './options.js';
import type { PartFile } from './part-file.js';
import { type PartsState, readParts } from './part-report.js';
import type { ReceiptDelivery } from './receipt.js';
import { receiptOf } from './receipt-of.js';
import type { SignedReceipt } from './receipts.js';
import { SampleCheck } from './sample.js';
import type { PlannedDelivery, PlannedRotation } from './stored-plan.js';
import { institutionsOf, openPeriodsOf } from './target-keys.js';
import { partsOf } from './work-parts.js';

const DEFAULT_SAMPLE = 1_000;

/**
 * Makes sure that everything was made, and made right, and writes the deliveries. Again gives the same receipt.
 *
 * @throws RenkeiError `ROTATION_STATUS`, `ROTATION_INCOMPLETE`, `ROTATION_FOLDER`, `ROTATION_CONFLICT`, a key, vault
 *   or store error
 */
export function verifyRotation(
  context: RotationContext,
  id: number,
  options: VerifyOptions,
): Promise<SignedReceipt> {
  const { folder } = options;
  return aloneInFolder(folder, async () => {
    const rotation = await readRotation(context, id, options.signal);
    const before = receiptOf(rotation, 'verify');
    if (before === undefined) requireStatus(rotation, 'verify', 'running');
    const receipt = before ?? (await verify(context, rotation, options));
    if (rotation.record.status === 'running') await removePartFiles(folder, rotation.plan);
    return receipt;
  });
}

async function verify(
  context: RotationContext,
  rotation: PlannedRotation,
  { folder, checkVault = context.vault, sampleSize = DEFAULT_SAMPLE, signal }: VerifyOptions,
): Promise<SignedReceipt> {
  const { store } = context;
  const { record, plan } = rotation;
  const parts = await readParts(store, record.id);
  if (parts.open.length > 0) throw incomplete(record.id, `${parts.open.length} parts are to be worked on`);
  await requireKeys(context, [...plan.from, ...plan.to]);
  await requireNobodyNew(context, rotation);
  const check = new SampleCheck(context, rotation, checkVault);
  await check.begin(sampleSize, signal);
  // What is counted now was gone through or noted; what comes later is noted for the switch.
  const issued =
    plan.deliveries.length === 0 ? new Map<string, number>() : await countIssuances(store, signal);
  await takeInEverybody(context, rotation, folder, signal);
  const deliveries: ReceiptDelivery[] = [];
  const current = await readRotation(context, record.id);
  const notebook = Notebook.read(current.record.notebook);
  for (const [k, delivery] of plan.deliveries.entries()) {
    const files = [
      ...filesOf(rotation, parts, k),
      ...notebook.openSupplements.filter((file) => file.delivery === k),
    ];
    const sought = await check.sought(delivery, signal);
    const { institution } = delivery;
    // Record codes are of people to whom codes were issued: of at least as many as at the institution with most.
    const codes =
      institution === undefined ? Math.max(0, ...issued.values()) : (issued.get(institution) ?? 0);
    const inspect = async ({ pairs, sample }: Inspected) => {
      requireAll(rotation, delivery, pairs, codes);
      await check.pairs(delivery, sample, sought, signal);
    };
    const facts = { folder, delivery: k, sequence: 1, files };
    deliveries.push(await assemble(context, rotation, { ...facts, sampleSize, sought, inspect, signal }));
  }
  await check.successors(signal);
  const supplemented = notebook.openSupplements.reduce((sum, { rows }) => sum + rows, 0);
  const receipt = await makeReceipt(context, rotation, notebook, {
    step: 'verify',
    counts: { rows: parts.rows, supplemented, pairs: deliveries.reduce((sum, { pairs }) => sum + pairs, 0) },
    deliveries,
    injective: true,
    sample: await check.outcome(enginesOf(parts, notebook)),
  });
  await moveOrRefuse(context, rotation, 'verify', {
    from: 'running',
    to: 'verified',
    notebook: notebook.with({ receipt }).toString(),
  });
  return receipt;
}

/** Engines of all that worked on it. */
function enginesOf({ reports }: PartsState, { openSupplements }: Notebook): readonly VaultEngine[] {
  const all = [...reports.values(), ...openSupplements].flatMap(({ engines }) => engines);
  return [...new Set(all)].sort();
}

/** Files of a delivery's parts. */
function filesOf({ plan }: PlannedRotation, { reports }: PartsState, delivery: number): readonly PartFile[] {
  const [first, end] = partsOf(plan, delivery);
  const files: PartFile[] = [];
  for (let part = first; part < end; part++) {
    const pairs = reports.get(part)?.pairs;
    if (pairs !== undefined) files.push(pairs);
  }
  return files;
}

/**
 * Makes sure that there is a pair for every code in the store.
 *
 * @throws RenkeiError `ROTATION_INCOMPLETE`
 */
function requireAll(
  { record }: PlannedRotation,
  { audience }: PlannedDelivery,
  pairs: number,
  codes: number,
): void {
  if (pairs >= codes) return;
  throw incomplete(
    record.id,
    `there are ${codes} codes of ${audience}, and ${pairs} pairs were made; people may have been removed just now: verify again`,
  );
}

/**
 * Makes sure that no institution and no record period was registered after a generation's rotation was begun: its codes
 * would be left behind.
 *
 * @throws RenkeiError `ROTATION_CONFLICT`
 */
export async function requireNobodyNew({ store }: RotationContext, { plan }: PlannedRotation): Promise<void> {
  if (plan.link === undefined) return;
  const known = new Set(plan.deliveries.map(({ audience }) => audience));
  const keys = await store.listKeys();
  const audiences = [...institutionsOf(keys).map((code) => `institution/${code}`), ...openPeriodsOf(keys)];
  const stranger = audiences.find((audience) => !known.has(audience));
  if (stranger === undefined) return;
  throw new RenkeiError(
    'ROTATION_CONFLICT',
    `${stranger} was registered after the rotation was begun: abort it and begin anew`,
  );
}
