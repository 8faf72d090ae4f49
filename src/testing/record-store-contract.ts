import { checkOptions, functionRule, required } from '../errors/options.js';
import type { RecordStore } from '../stores/record-port.js';
import { type ContractCase, runnable, type StoreCase } from './contract-case.js';
import { appendingCases } from './record-cases/appending.js';

/** How the contract gets record stores to hold to. */
export interface RecordStoreContractOptions {
  /**
   * Opens a record store. With `newPlace`, at that place, again and again and several times at once; without, a new and
   * empty one every time, and the place is an empty text. Whoever runs a case need not close it.
   */
  readonly open: (place: string) => Promise<RecordStore>;
  /**
   * For a store that outlives its process: names a place where nothing is yet, such as a file or a database, another
   * one each time. With it there are more cases: what was stored is there when the place is opened again, and several
   * connections may write at once.
   */
  readonly newPlace?: () => string | Promise<string>;
}

/**
 * What every record store keeps to, whatever it is made of: the sentences of the {@link RecordStore} port and of the
 * `LogStore` port below it, as a list of cases for any test runner, like those of `issuanceStoreContract`.
 *
 * ```ts
 * for (const { group, name, run } of recordStoreContract({ open: openMyStore })) test(`${group}: ${name}`, () => run());
 * ```
 *
 * @throws RenkeiError `OPTION_UNKNOWN` or `OPTION_INVALID`
 */
export function recordStoreContract(options: RecordStoreContractOptions): readonly ContractCase[] {
  checkOptions('recordStoreContract', options, RULES);
  const { open, newPlace } = options;
  return runnable(EVERY_STORE, { open, newPlace });
}

const RULES = {
  open: required(functionRule),
  newPlace: functionRule,
};

const EVERY_STORE: readonly StoreCase<RecordStore>[] = [...appendingCases];
