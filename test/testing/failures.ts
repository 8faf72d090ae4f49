import type { ContractCase } from 'renkei/testing';

/** Runs cases, one after the other; gives those that failed. */
export async function failuresOf(cases: readonly ContractCase[]): Promise<readonly ContractCase[]> {
  const failed: ContractCase[] = [];
  for (const one of cases) await one.run().catch(() => failed.push(one));
  return failed;
}
