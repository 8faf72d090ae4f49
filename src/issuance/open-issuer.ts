import { checkOptions } from '../errors/options.js';
import { Issuer } from './issuer.js';
import { DEFAULT_MAX_WAITING_ISSUES, ISSUER_RULES, type IssuerOptions } from './issuer-options.js';
import { KeyRegistry } from './key-registry.js';

/**
 * Opens an issuer over a vault and a store. On an empty store the link and store keys are put on record. After that
 * the keys that are active by the record decide, whatever the options say, and the vault must have the recorded ones.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `KEY_FINGERPRINT_MISMATCH`, `KEY_NOT_DISTINCT`, a vault
 *   error or a store error
 */
export async function openIssuer(options: IssuerOptions): Promise<Issuer> {
  checkOptions('openIssuer', options, ISSUER_RULES);
  const { vault, store, log, generation = 1, storeKeyVersion = 1, now = Date.now } = options;
  const { maxWaitingIssues = DEFAULT_MAX_WAITING_ISSUES } = options;
  const registry = new KeyRegistry(vault, store, now, log);
  await registry.begin(generation, storeKeyVersion);
  return new Issuer({ vault, store, registry, now, log }, maxWaitingIssues);
}
