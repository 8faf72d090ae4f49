import { type Audience, type KeyName, parseKeyName } from '../codes/key-names.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { throwIfAborted } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../subjects/resident-record-code.js';
import { moveOrRefuse, type RotationContext, readRotation, requireStatus } from './context.js';
import { makeReceipt } from './make-receipt.js';
import { Notebook } from './notebook.js';
import type { DestroyOptions } from './options.js';
import type { ReceiptKey, ReceiptProof } from './receipt.js';
import { receiptOf } from './receipt-of.js';
import { checkRotationReceipt, type SignedReceipt } from './receipts.js';
import type { PlannedRotation, StoredPlan } from './stored-plan.js';
import { destroying, destructible } from './transitions.js';

/**
 * Destroys the old keys and proves it: the vault has them no more, and their codes do not unwrap. Link keys stay: later
 * generations are computed through them. Again goes on, or gives the same receipt.
 *
 * @throws RenkeiError `ROTATION_STATUS`, `STORE_CORRUPT` when the record contradicts itself, `KEY_STILL_PRESENT`,
 *   `KEY_FINGERPRINT_MISMATCH`, an error of the destroyer
 */
export async function destroyKeys(
  context: RotationContext,
  id: number,
  { destroyer, signal }: DestroyOptions,
): Promise<SignedReceipt> {
  const rotation = await readRotation(context, id, signal);
  const before = receiptOf(rotation, 'destroy');
  if (before !== undefined) return before;
  requireStatus(rotation, 'destroy', 'retired');
  const { plan, record } = rotation;
  const keys = destructible(plan);
  await requireRetired(context, rotation);
  const proof: ReceiptProof[] = [];
  for (const { name, fingerprint } of keys) {
    throwIfAborted(signal);
    await destroyer.destroy(name, fingerprint);
    proof.push(...(await proveGone(context, plan, name)));
  }
  const notebook = Notebook.read(record.notebook);
  const counts = { keys: keys.length };
  const receipt = await makeReceipt(context, rotation, notebook, { step: 'destroy', counts, proof });
  await moveOrRefuse(context, rotation, 'destroy', {
    from: 'retired',
    to: 'destroyed',
    keys: destroying(keys.map(({ name }) => name)),
    notebook: notebook.with({ receipt }).toString(),
  });
  return receipt;
}

/**
 * Makes sure that the keys are those that every receipt names, which are what an operator has confirmed, and that they are
 * retired on record: whoever can write into the database must not have another key destroyed.
 *
 * @throws RenkeiError `STORE_CORRUPT`
 */
async function requireRetired({ store }: RotationContext, { plan, record }: PlannedRotation): Promise<void> {
  const named = (keys: readonly ReceiptKey[]) => keys.map((key) => `${key.name} ${key.fingerprint}`).join();
  for (const receipt of Notebook.read(record.notebook).receipts) {
    if (named(checkRotationReceipt({ receipt }).from) === named(plan.from)) continue;
    throw new RenkeiError(
      'STORE_CORRUPT',
      `the plan of rotation ${record.id} names other keys than its receipts`,
    );
  }
  const retired = (await store.listKeys()).filter(({ state }) => state === 'retired');
  for (const { name, fingerprint } of destructible(plan)) {
    if (retired.some((key) => key.name === name && key.fingerprint === fingerprint)) continue;
    throw new RenkeiError('STORE_CORRUPT', `key ${name} was to be destroyed, and is not retired on record`);
  }
}

async function proveGone(
  { vault }: RotationContext,
  { store, to }: StoredPlan,
  name: KeyName,
): Promise<ReceiptProof[]> {
  const audience = name as Audience;
  const tried: [string, () => Promise<unknown>][] = [
    ['asked for its fingerprint', () => vault.fingerprint(name)],
  ];
  if (parseKeyName(name).kind === 'record') {
    const nobody = new Uint8Array(RESIDENT_RECORD_CODE_LENGTH).fill(0x30);
    tried.push(['a code made under it', () => vault.derive(nobody, [audience])]);
  } else {
    const elsewhere = store.to ?? (to[0]?.name as Audience);
    // A code that was never made: a vault with the key would call it forged.
    tried.push([
      'a code unwrapped under it',
      () => vault.translate(new Uint8Array(CODE_LENGTH), audience, [elsewhere]),
    ]);
  }
  const proof: ReceiptProof[] = [];
  for (const [what, call] of tried) proof.push({ key: name, tried: what, answer: await refusal(name, call) });
  return proof;
}

/** The one answer that shows that the key is gone. */
async function refusal(name: KeyName, call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof RenkeiError && error.code === 'KEY_NOT_FOUND') return error.code;
    throw error;
  }
  throw new RenkeiError('KEY_STILL_PRESENT', `key ${name} was to be destroyed, and the vault has it still`);
}
