import { checkRotationReceipt, parseKeyName, RenkeiError, type SignedReceipt } from 'renkei';
import { askTwice } from './ask-twice.js';

/**
 * Has the operator name every key that a rotation replaces, each twice, before they are destroyed for ever.
 *
 * @param given names from `--yes-destroy`, or undefined to ask at the terminal
 * @throws RenkeiError `OPTION_INVALID` unless it is exactly these; `ROTATION_STATUS` while the rotation has no receipt
 */
export async function confirmKeys(
  receipts: readonly SignedReceipt[],
  given: readonly string[] | undefined,
): Promise<void> {
  const last = receipts.at(-1);
  if (last === undefined)
    throw new RenkeiError('ROTATION_STATUS', 'nothing was verified yet, so nothing is destroyed');
  const names = keysToDestroy(last);
  if (given?.some((name) => !names.includes(name)) === true) {
    throw new RenkeiError('OPTION_INVALID', `nothing was destroyed: the keys are ${names.join(', ')}`);
  }
  if (given === undefined) process.stderr.write(`Keys to be destroyed: ${names.join(', ')}\n`);
  for (const name of names) {
    await askTwice(
      name,
      given?.filter((one) => one === name),
    );
  }
}

/** Keys that a rotation destroys. Not the link key: later generations are computed through it. */
function keysToDestroy(receipt: SignedReceipt): string[] {
  return checkRotationReceipt({ receipt }).from.flatMap(({ name }) =>
    parseKeyName(name).kind === 'link' ? [] : [name],
  );
}
