export type { Engine, Pkcs11VaultOptions, TokenSelector } from './options.js';
export { openPkcs11Vault } from './pkcs11-vault.js';
export {
  type KeyLevel,
  type KeyToProvision,
  type ProvisionedKey,
  type ProvisionKeysOptions,
  provisionKeys,
} from './provision-keys.js';
