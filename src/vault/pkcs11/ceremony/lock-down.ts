import { type KeyName, parseKeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { type CeremonyOptions, checkCeremony } from './ceremony-options.js';
import type { CeremonyRecord, RecordedKey } from './ceremony-record.js';
import { holdCeremony } from './hold-ceremony.js';
import { recordKey } from './recorded-key.js';

/** Options of {@link lockDown}. */
export interface LockDownOptions extends CeremonyOptions {
  /** Names of the keys. Default: every AES key on the token. */
  readonly keys?: readonly string[];
}

/**
 * Takes keys from level 1 to level 2 for good: afterwards none of them encrypts or decrypts data, and none can be
 * given that function back. Every key is tried on afterwards, those locked down before as well. Open vaults of the
 * bulk engine stop working. May be run again after it was killed at any instant, and ends what was begun.
 *
 * @throws RenkeiError `KEY_NOT_FOUND`, `KEY_AMBIGUOUS` (keys of one name with different fingerprints),
 *   `ASSURANCE_TOO_LOW` (the module would let a holder of the PIN undo it), an option error or a module error
 */
export async function lockDown(options: LockDownOptions): Promise<CeremonyRecord> {
  checkCeremony('lockDown', options, {
    keys: {
      expects: 'an array of key names',
      check: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
    },
  });
  const asked = options.keys?.map((key) => secretKey(key));
  return holdCeremony(options, {
    ceremony: 'lock-down',
    level: 2,
    about: asked === undefined ? {} : { keys: asked },
    act: async (worker) => {
      const { names } = await worker.ask('listKeys', null);
      const found = names.filter((name) => parseKeyName(name).kind !== 'audit');
      const keys: RecordedKey[] = [];
      for (const name of new Set(asked ?? found)) {
        const { changed, refused } = await worker.ask('lockDown', { name });
        const key = await worker.ask('describeKey', { name });
        // An officer's key is of level 3, and stays so.
        const level = key.attributes.CKA_TRUSTED === true ? 3 : 2;
        keys.push(recordKey(key, changed ? 'locked-down' : 'locked-down-before', level, refused));
      }
      return keys;
    },
  });
}

function secretKey(text: string): KeyName {
  const { kind, name } = parseKeyName(text);
  if (kind !== 'audit') return name;
  throw new RenkeiError(
    'KEY_USAGE',
    `key ${name} only signs, and was made so: there is nothing to lock down`,
  );
}
