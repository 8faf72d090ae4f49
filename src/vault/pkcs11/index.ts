export type { AttributeName } from './attributes.js';
export type { CeremonyOptions, MakingOptions } from './ceremony/ceremony-options.js';
export {
  type CeremonyKind,
  type CeremonyRecord,
  formatCeremonyRecord,
  type RecordedKey,
} from './ceremony/ceremony-record.js';
export { type CheckRecordOptions, checkCeremonyRecord } from './ceremony/check-record.js';
export { type DestroyKeyOptions, destroyKey } from './ceremony/destroy-key.js';
export { type KeyList, type ListedKey, listKeys } from './ceremony/list-keys.js';
export { type LockDownOptions, lockDown } from './ceremony/lock-down.js';
export {
  type AddInstitutionOptions,
  type AddRecordPeriodOptions,
  type AddVersionOptions,
  addInstitution,
  addKeyVersion,
  addRecordPeriod,
  type InitialiseOptions,
  initialiseKeys,
  initialKeys,
} from './ceremony/make-ceremonies.js';
export { printKeyPlan, printLockDownPlan } from './ceremony/print-plan.js';
export { printCeremonyRecord } from './ceremony/print-record.js';
export { printKeyList, printRecordVerification } from './ceremony/print-report.js';
export {
  type RecordVerification,
  type VerifiedKey,
  type VerifyRecordOptions,
  verifyCeremonyRecord,
} from './ceremony/verify-record.js';
export type {
  AttributeValue,
  KeyDescription,
  ReadAttributes,
  RefusedAttempt,
  TokenDescription,
} from './key-description.js';
export { createPkcs11KeyDestroyer } from './key-destroyer.js';
export { type KeyPlan, planKey } from './key-plan.js';
export type { KeyLevel, KeyProfile, ProfileAttribute } from './key-profile.js';
export type { ProvisionedKey } from './make-keys.js';
export type { Engine, PinCallback, Pkcs11VaultOptions, TokenOptions, TokenSelector } from './options.js';
export { openPkcs11Vault } from './pkcs11-vault.js';
export { type KeyToProvision, type ProvisionKeysOptions, provisionKeys } from './provision-keys.js';
export type { Deviation } from './readable-profile.js';
