import { type KeyName, parseKeyName } from '../../codes/key-names.js';
import { checkOptions } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { KeyDestroyer } from '../port.js';
import { checkToken, TOKEN_RULES, type TokenOptions } from './options.js';
import { withTokenSession } from './token-session.js';

/**
 * What destroys keys on a token, in a session of its own for each. After that no object bears the key's label (when
 * others do, nothing is destroyed: `KEY_STILL_PRESENT`); vaults that are open answer `KEY_NOT_FOUND` at their next
 * call. The user may destroy keys of level 3 too: what the officer made cannot be changed by others, but removed. An
 * audit key is destroyed in a ceremony (`KEY_USAGE`), whose record names its successor.
 *
 * @throws RenkeiError an option error; `destroy` rejects with `KEY_FINGERPRINT_MISMATCH`, `KEY_AMBIGUOUS`, `KEY_USAGE`,
 *   `KEY_STILL_PRESENT` or a module error
 */
export function createPkcs11KeyDestroyer(options: TokenOptions): KeyDestroyer {
  checkOptions('createPkcs11KeyDestroyer', options, TOKEN_RULES);
  checkToken('createPkcs11KeyDestroyer', options.token);
  return { destroy: (name, fingerprint) => destroy(options, name, fingerprint) };
}

async function destroy(options: TokenOptions, key: KeyName, fingerprint: string): Promise<void> {
  const { kind, name } = parseKeyName(key);
  if (kind === 'audit') throw new RenkeiError('KEY_USAGE', `key ${name} is destroyed in a ceremony only`);
  await withTokenSession(options, 'write', async (worker) => {
    const { names } = await worker.ask('present', { names: [name] });
    if (names.length > 0) await worker.ask('destroyKey', { name, fingerprint });
    else await worker.ask('requireGone', { name });
  });
}
