import { checkOptions, functionRule, integerRule, required } from '../errors/options.js';
import type { RecordStore } from '../stores/record-port.js';
import { type ContractCase, recordCasesOf, runnable, type StoreCase } from './contract-case.js';
import { appendingCases } from './record-cases/appending.js';
import { closingRecordsCases, givingUpRecordsCases, recordOptionsCases } from './record-cases/calling.js';
import { erasingCases } from './record-cases/erasing.js';
import { lastingRecordsCases } from './record-cases/lasting.js';
import { checkpointsCases, loggingCases } from './record-cases/logging.js';
import { lookingUpRecordsCases } from './record-cases/looking-up.js';
import { refusingRecordsCases } from './record-cases/refusing.js';
import { rekeyingCases, settlingCases } from './record-cases/rekeying.js';
import { walkRecordsAtRandom } from './record-walk.js';
import { Seeded } from './seeded.js';

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
  /** Where the random walk begins. Default: 20260401. Another seed asks other things. */
  readonly seed?: number;
  /** Calls of the random walk. Default: 400. */
  readonly steps?: number;
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
  const { open, newPlace, seed = 20260401, steps = 400 } = options;
  const walk = recordCasesOf('altogether', {
    'does what a trivial model does, whatever is asked in whatever order': (store) =>
      walkRecordsAtRandom(store, new Seeded(seed), steps),
  });
  const lasting = newPlace === undefined ? [] : lastingRecordsCases;
  return runnable([...EVERY_STORE, ...walk, ...lasting], { open, newPlace });
}

const RULES = {
  open: required(functionRule),
  newPlace: functionRule,
  seed: integerRule(0, 2 ** 32 - 1),
  steps: integerRule(1, 1_000_000),
};

const EVERY_STORE: readonly StoreCase<RecordStore>[] = [
  ...appendingCases,
  ...lookingUpRecordsCases,
  ...rekeyingCases,
  ...settlingCases,
  ...erasingCases,
  ...loggingCases,
  ...checkpointsCases,
  ...refusingRecordsCases,
  ...recordOptionsCases,
  ...givingUpRecordsCases,
  ...closingRecordsCases,
];
