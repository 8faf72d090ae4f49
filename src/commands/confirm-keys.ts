import { type ReceiptKey, RenkeiError } from 'renkei';
import { askTwice } from './ask-twice.js';

/**
 * Has the operator name every key that is to be destroyed for ever, each twice.
 *
 * @param keys what the rotation destroys
 * @param given names from `--yes-destroy`, or undefined to ask at the terminal
 * @throws RenkeiError `OPTION_INVALID` unless it is exactly these
 */
export async function confirmKeys(
  keys: readonly ReceiptKey[],
  given: readonly string[] | undefined,
): Promise<void> {
  const names: readonly string[] = keys.map(({ name }) => name);
  if (given?.some((name) => !names.includes(name)) === true) {
    throw new RenkeiError('OPTION_INVALID', `nothing was destroyed: the keys are ${names.join(', ')}`);
  }
  if (given === undefined) {
    const shown = keys.map(({ name, fingerprint }) => `${name} (fingerprint ${fingerprint})`);
    process.stderr.write(`Keys to be destroyed: ${shown.join(', ')}\n`);
  }
  for (const name of names) {
    await askTwice(
      name,
      given?.filter((one) => one === name),
    );
  }
}
