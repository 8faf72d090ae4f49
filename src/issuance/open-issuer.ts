import { storeAudience } from '../codes/key-names.js';
import { checkOptions } from '../errors/options.js';
import { Issuer } from './issuer.js';
import { DEFAULT_MAX_WAITING_ISSUES, ISSUER_RULES, type IssuerOptions } from './issuer-options.js';
import { KeyRegistry } from './key-registry.js';

/**
 * Opens an issuer over a vault and a store. On an empty store the link and store keys are put on record; after that
 * they must be the recorded ones, in generation and version too.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `KEY_FINGERPRINT_MISMATCH`, `KEY_NOT_DISTINCT`, a vault
 *   error or a store error
 */
export async function openIssuer(options: IssuerOptions): Promise<Issuer> {
  checkOptions('openIssuer', options, ISSUER_RULES);
  const { vault, store, generation = 1, storeKeyVersion = 1, now = Date.now } = options;
  const { maxWaitingIssues = DEFAULT_MAX_WAITING_ISSUES } = options;
  const keys = new KeyRegistry(vault, store, now);
  await keys.begin(generation, storeKeyVersion);
  const parts = { vault, store, keys, generation, storeAudience: storeAudience(storeKeyVersion), now };
  return new Issuer(parts, maxWaitingIssues);
}
