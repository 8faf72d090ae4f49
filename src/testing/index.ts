export type { ContractCase } from './contract-case.js';
export { type IssuanceStoreContractOptions, issuanceStoreContract } from './issuance-store-contract.js';
export { newBranch, newRecord, recordContent } from './record-samples.js';
export { type RecordStoreContractOptions, recordStoreContract } from './record-store-contract.js';
export { batchOf, changeOf, registerInstitutions, storeCode, storeCodes } from './samples.js';
