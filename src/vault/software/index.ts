export { openSoftwareVault, type SoftwareVaultOptions } from './software-vault.js';
