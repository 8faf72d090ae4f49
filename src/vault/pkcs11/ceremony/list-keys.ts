import { type KeyName, parseKeyName } from '../../../codes/key-names.js';
import { checkOptions } from '../../../errors/options.js';
import type { KeyDescription, ReadAttributes, TokenDescription } from '../key-description.js';
import { type KeyLevel, keyProfile, sealedUsages } from '../key-profile.js';
import { checkToken, TOKEN_RULES, type TokenOptions } from '../options.js';
import { deviationsFrom, readableProfile } from '../readable-profile.js';
import { withTokenSession } from '../token-session.js';

/** One key of a token. */
export interface ListedKey {
  /** The key's name. */
  readonly name: KeyName;
  /** Objects that bear the name: anything but 1 must be put right before the key is used. */
  readonly objects: number;
  /** The highest level that its attributes allow; none for an audit key, and none for several objects. */
  readonly level?: KeyLevel;
  /** Its fingerprint; none for several objects. */
  readonly fingerprint?: string;
}

/** What is on a token. */
export interface KeyList extends TokenDescription {
  /** Its keys, by name. */
  readonly keys: readonly ListedKey[];
  /** Number of objects that are none of this library's keys. */
  readonly others: number;
}

/**
 * Lists the keys of a token. Levels are what the attributes say; opening a vault proves them by trying.
 *
 * @throws RenkeiError an option error or a module error
 */
export async function listKeys(options: TokenOptions): Promise<KeyList> {
  checkOptions('listKeys', options, TOKEN_RULES);
  checkToken('listKeys', options.token);
  return withTokenSession(options, 'read', async (worker) => {
    const description = await worker.ask('describeToken', null);
    const { names, others } = await worker.ask('listKeys', null);
    const keys: ListedKey[] = [];
    for (const name of new Set(names)) {
      const objects = names.filter((other) => other === name).length;
      if (objects > 1) keys.push({ name, objects });
      else keys.push(listed(await worker.ask('describeKey', { name })));
    }
    return { ...description, keys, others };
  });
}

function listed({ name, fingerprint, attributes }: KeyDescription): ListedKey {
  const key = { name, objects: 1, fingerprint };
  return parseKeyName(name).kind === 'audit' ? key : { ...key, level: levelAllowed(name, attributes) };
}

/** The highest level that a key's attributes allow. A modifiable key is not sealed: its functions can be set back. */
function levelAllowed(name: KeyName, attributes: ReadAttributes): KeyLevel {
  const usages: readonly string[] = sealedUsages(name).map((usage) => `CKA_${usage.toUpperCase()}`);
  const sealed = (['CKA_ENCRYPT', 'CKA_DECRYPT', 'CKA_DERIVE', 'CKA_WRAP', 'CKA_UNWRAP'] as const).every(
    (usage) => usages.includes(usage) || attributes[usage] === false,
  );
  if (!sealed || attributes.CKA_MODIFIABLE !== false) return 1;
  return deviationsFrom(readableProfile(keyProfile(name, 3).attributes), attributes).length === 0 ? 3 : 2;
}
