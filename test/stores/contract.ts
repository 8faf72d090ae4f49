import fc from 'fast-check';
import {
  type ContractCase,
  type IssuanceStoreContractOptions,
  issuanceStoreContract,
  type RecordStoreContractOptions,
  recordStoreContract,
} from 'renkei/testing';
import { describe, it } from 'vitest';

export { batchOf, changeOf, registerInstitutions, storeCode, storeCodes } from 'renkei/testing';

/** What every issuance store keeps to, as tests of Vitest: one suite a group. */
export function describeIssuanceStore(options: IssuanceStoreContractOptions): void {
  describeCases(issuanceStoreContract(options));

  it('does what a trivial model does on any walk; a walk that fails is shortened', {
    timeout: 120_000,
  }, async () => {
    const walk = fc.record({ seed: fc.nat(), steps: fc.integer({ min: 1, max: 60 }) });
    await fc.assert(
      fc.asyncProperty(walk, async (drawn) => {
        await issuanceStoreContract({ ...options, ...drawn })
          .find(({ group }) => group === 'altogether')
          ?.run();
      }),
      { seed: 20260401, numRuns: 30 },
    );
  });
}

/** What every record store keeps to, in the same way. */
export function describeRecordStore(options: RecordStoreContractOptions): void {
  describeCases(recordStoreContract(options));
}

function describeCases(cases: readonly ContractCase[]): void {
  for (const group of new Set(cases.map((one) => one.group))) {
    describe(group, () => {
      for (const { name, run } of cases.filter((one) => one.group === group)) it(name, run);
    });
  }
}
