export type { ContractCase } from './contract-case.js';
export { type IssuanceStoreContractOptions, issuanceStoreContract } from './issuance-store-contract.js';
export { batchOf, changeOf, registerInstitutions, storeCode, storeCodes } from './samples.js';
