export type { KeyLevel } from './key-profile.js';
export type { Engine, PinCallback, Pkcs11VaultOptions, TokenSelector } from './options.js';
export { openPkcs11Vault } from './pkcs11-vault.js';
export {
  type KeyToProvision,
  type ProvisionedKey,
  type ProvisionKeysOptions,
  provisionKeys,
} from './provision-keys.js';
