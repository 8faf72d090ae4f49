export { openSoftwareVault, type SoftwareVaultOptions, softwareKeyDestroyer } from './software-vault.js';
