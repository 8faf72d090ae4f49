import { parseKeyName } from '../../../codes/key-names.js';
import { required, textRule } from '../../../errors/options.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { type CeremonyOptions, checkCeremony } from './ceremony-options.js';
import type { CeremonyRecord } from './ceremony-record.js';
import { holdCeremony } from './hold-ceremony.js';
import { recordDestroyed } from './recorded-key.js';

/** Options of {@link destroyKey}. */
export interface DestroyKeyOptions extends CeremonyOptions {
  /** The key to be destroyed. */
  readonly name: string;
  /** Its name twice more, as somebody has typed it: what a destroyed key made can never be read again. */
  readonly confirmations: readonly [string, string];
}

/**
 * Destroys a key. Codes made under it are lost for translation, for ever. The record keeps its fingerprint. The last
 * audit key stays: it would have to sign that it is gone.
 *
 * @throws RenkeiError `KEY_NOT_FOUND` (also: no other audit key to sign), `KEY_AMBIGUOUS`,
 *   `KEY_STILL_PRESENT` (other objects bear the label; nothing was destroyed), an option error or a module error
 */
export async function destroyKey(options: DestroyKeyOptions): Promise<CeremonyRecord> {
  checkCeremony('destroyKey', options, {
    name: required(textRule),
    confirmations: required({
      expects: 'an array of two texts',
      check: (value) =>
        Array.isArray(value) && value.length === 2 && value.every((text) => typeof text === 'string'),
    }),
  });
  const { name } = parseKeyName(options.name);
  if (options.confirmations.some((typed) => typed !== name)) {
    throw new RenkeiError('OPTION_INVALID', `destroyKey: both confirmations must be the name ${name}`);
  }
  return holdCeremony(options, {
    ceremony: 'destroy',
    level: null,
    about: { key: name },
    notSignedBy: name,
    act: async (worker) => {
      const key = await worker.ask('describeKey', { name });
      await worker.ask('destroyKey', { name, fingerprint: key.fingerprint });
      return [recordDestroyed(key)];
    },
  });
}
