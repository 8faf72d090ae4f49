import { wipe } from '../bytes/wipe.js';
import type { KeyName } from '../codes/key-names.js';
import { codeAt } from '../codes/packed-codes.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { throwIfAborted } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { Vault } from '../vault/port.js';
import { moveOrRefuse, type RotationContext, readRotation, requireStatus } from './context.js';
import { makeReceipt } from './make-receipt.js';
import { Notebook } from './notebook.js';
import type { DestroyOptions } from './options.js';
import type { ReceiptKey, ReceiptProof } from './receipt.js';
import { receiptOf } from './receipt-of.js';
import { checkRotationReceipt, type SignedReceipt } from './receipts.js';
import type { PlannedRotation } from './stored-plan.js';
import { destroying, destructible } from './transitions.js';
import { makeTrial, type Trial } from './trial.js';

/**
 * Destroys the old keys and proves it: the vault has them no more, and codes that it served just before are refused.
 * Link keys stay: later generations are computed through them. Again goes on, or gives the same receipt.
 *
 * @throws RenkeiError `ROTATION_STATUS`, `STORE_CORRUPT` when the record contradicts itself, `KEY_STILL_PRESENT`,
 *   `KEY_FINGERPRINT_MISMATCH`, an error of the destroyer
 */
export async function destroyKeys(
  context: RotationContext,
  id: number,
  { destroyer, checkVault, signal }: DestroyOptions,
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
    const trial = await makeTrial(context, name, signal);
    try {
      await destroyer.destroy(name, fingerprint);
      proof.push(...(await proveGone(context.vault, name, trial, '')));
      if (checkVault !== undefined) {
        proof.push(...(await proveGone(checkVault, name, trial, 'by the second vault: ')));
      }
    } finally {
      wipe(trial.codes);
    }
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

/** Tries the key, and each code by itself. */
async function proveGone(
  vault: Vault,
  key: KeyName,
  { codes, from, to }: Trial,
  by: string,
): Promise<ReceiptProof[]> {
  const asked = await refusal(key, () => vault.fingerprint(key));
  const tried = codes.length / CODE_LENGTH;
  let answer = asked;
  for (let row = 0; row < tried; row++) {
    answer = await refusal(key, () => vault.translate(codeAt(codes, row), from, [to]));
  }
  const verb = from === key ? 'opened' : 'made anew';
  const what =
    tried > 0
      ? `codes under it, each of which was ${verb} just before`
      : 'no code: without the key, or without rows, there was none';
  return [
    { key, tried: `${by}asked for its fingerprint`, answer: asked },
    { key, tried: `${by}${what}`, codes: tried, answer },
  ];
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
