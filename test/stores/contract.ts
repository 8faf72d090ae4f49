import type { IssuanceStoreContractOptions } from 'renkei/testing';
import { issuanceStoreContract } from 'renkei/testing';
import { describe, it } from 'vitest';

export { batchOf, changeOf, registerInstitutions, storeCode, storeCodes } from 'renkei/testing';

/** What every issuance store keeps to, as tests of Vitest: one suite a group. */
export function describeIssuanceStore(options: IssuanceStoreContractOptions): void {
  const cases = issuanceStoreContract(options);
  for (const group of new Set(cases.map((one) => one.group))) {
    describe(group, () => {
      for (const { name, run } of cases.filter((one) => one.group === group)) it(name, run);
    });
  }
}
